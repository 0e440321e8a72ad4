import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { EngineClient } from '../api/client.ts';
import { useConnection } from './connection.ts';

export type Fetched<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly value: T }
  | { readonly state: 'failed'; readonly error: unknown };

/** A store of something the engine does not stream: fetched when a page asks; of two answers under way the later asked counts. */
export function defineFetched<T, Q>(name: string, fetch: (client: EngineClient, query: Q) => Promise<T>) {
  return defineStore(name, () => {
    const now = shallowRef<Fetched<T>>({ state: 'loading' });
    let asked = 0;
    /** What is shown stays until the answer is there. */
    async function load(query: Q): Promise<void> {
      const mine = ++asked;
      if (now.value.state === 'failed') now.value = { state: 'loading' };
      try {
        const value = await useConnection().ask((client) => fetch(client, query));
        if (mine === asked) now.value = { state: 'ready', value };
      } catch (error) {
        if (mine === asked) now.value = { state: 'failed', error };
      }
    }
    return { now, load };
  });
}

export const useHistory = defineFetched('history', (client, days: number) => client.history(days));
export const useShare = defineFetched(
  'share',
  (client, query: { readonly project: string; readonly campaign: string }) => client.share(query),
);
export const useDoctor = defineFetched('doctor', (client, _: null) => client.doctor());
export const useLog = defineFetched(
  'log',
  (client, query: { readonly unit: string; readonly level: 'debug' | 'info' | 'warn' | 'error' }) =>
    client.log({ level: query.level, limit: 500, ...(query.unit === '' ? {} : { unit: query.unit }) }),
);
