export * from './control.ts';
export { type ApiOptions, type RunningApi, startApi } from './server.ts';
