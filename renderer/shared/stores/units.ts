import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { FinishedUnit, UnitsQuery } from '../../../protocol/engine-api.ts';
import { useConnection } from './connection.ts';

const PAGE = 250;
export type UnitsFilter = Pick<UnitsQuery, 'verdict' | 'project'>;

/** Finished units, the newest first, fetched page by page as far as somebody scrolls. */
export const useUnits = defineStore('units', () => {
  const units = shallowRef<readonly FinishedUnit[]>([]);
  const total = ref(0);
  const state = ref<'loading' | 'ready' | 'failed'>('loading');
  const problem = shallowRef<unknown>(null);
  let next: string | null = null;
  let filter: UnitsFilter = {};
  let asked = 0;

  async function begin(by: UnitsFilter): Promise<void> {
    filter = by;
    next = null;
    units.value = [];
    await fetchPage(true);
  }

  /** The next page, where there is one and none is under way. */
  async function more(): Promise<void> {
    if (state.value === 'ready' && next !== null) await fetchPage(false);
  }

  async function fetchPage(first: boolean): Promise<void> {
    const mine = ++asked;
    state.value = 'loading';
    try {
      const query = { ...filter, limit: PAGE, ...(first || next === null ? {} : { before: next }) };
      const page = await useConnection().ask((client) => client.units(query));
      if (mine !== asked) return;
      units.value = [...units.value, ...page.units];
      total.value = page.total;
      next = page.next;
      state.value = 'ready';
    } catch (error) {
      if (mine !== asked) return;
      problem.value = error;
      state.value = 'failed';
    }
  }

  return { units, total, state, problem, begin, more };
});
