import { readonly, shallowRef } from 'vue';
import { Account } from '../../protocol/account-api.ts';
import { ask, Refused } from './api.ts';

/** undefined: not asked yet; null: nobody is signed in. */
const current = shallowRef<Account | null | undefined>(undefined);
export const account = readonly(current);

/** @throws Refused where the project can not say */
export async function lookWhoIsIn(): Promise<void> {
  try {
    current.value = await ask(Account, 'GET', '/account');
  } catch (error) {
    if (!(error instanceof Refused && error.status === 401)) throw error;
    current.value = null;
  }
}

export function signedIn(who: Account | null): void {
  current.value = who;
}
