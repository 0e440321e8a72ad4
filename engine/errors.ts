/** The engine cannot start here. `message` tells a person why and what to do; no stack is needed. */
export class EngineStartError extends Error {
  override readonly name = 'EngineStartError';
}
