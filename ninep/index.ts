/** 9P2000.L: codec (messages.ts, codec.ts, frames.ts), sessions (session.ts, requests.ts), server, and trees/. */
export { SavedSession } from './saved-session.ts';
export {
  type Connection,
  type ListenOptions,
  type NinepServer,
  type ServeOptions,
  serve9p,
  serveStream,
} from './server.ts';
export { DEFAULT_LIMITS, type Limits } from './session.ts';
export * from './tree.ts';
export * from './trees/index.ts';
