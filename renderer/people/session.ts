import { readonly, shallowRef } from 'vue';
import { type Account, WhoIsIn } from '../../protocol/account-api.ts';
import { ask } from './api.ts';

/** undefined: not asked yet; null: nobody is signed in. */
const current = shallowRef<Account | null | undefined>(undefined);
export const account = readonly(current);

/** @throws Refused where the project can not say */
export async function lookWhoIsIn(): Promise<void> {
  current.value = (await ask(WhoIsIn, 'GET', '/sessions/current')).account;
}

export function signedIn(who: Account | null): void {
  current.value = who;
}
