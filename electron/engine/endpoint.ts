import { readFile } from 'node:fs/promises';
import { isAlive } from '../../platform/processes.ts';
import { EngineEndpoint } from '../../protocol/engine-api.ts';
import { codeOf, plainWords } from '../files/kept-file.ts';

export type FoundEngine =
  | { readonly kind: 'running'; readonly endpoint: EngineEndpoint }
  /** `crashed`: it left its file, so it did not end in good order. */
  | { readonly kind: 'none'; readonly crashed: boolean }
  /** There may be one, but the file that says how to reach it cannot be read. */
  | { readonly kind: 'unreadable'; readonly file: string; readonly why: string };

/** Looks for an engine that runs in this data folder already (engineFiles.endpoint). */
export async function findEngine(file: string): Promise<FoundEngine> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { kind: 'none', crashed: false };
    return { kind: 'unreadable', file, why: plainWords(error) };
  }
  const endpoint = parse(text);
  // It is replaced as a whole, so what is no endpoint was not written by an engine that runs.
  if (!endpoint || !isAlive(endpoint.pid)) return { kind: 'none', crashed: true };
  return { kind: 'running', endpoint };
}

function parse(text: string): EngineEndpoint | null {
  try {
    return EngineEndpoint.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
