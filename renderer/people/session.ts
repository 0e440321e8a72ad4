import { computed, readonly, shallowRef } from 'vue';
import { type Account, Role, WhoIsIn } from '../../protocol/account-api.ts';
import { ask } from './api.ts';

/** undefined: not asked yet; null: nobody is signed in. */
const current = shallowRef<Account | null | undefined>(undefined);
export const account = readonly(current);

const isAtLeast = (wanted: Role) =>
  computed(() => {
    const role = current.value?.role ?? 'volunteer';
    return Role.options.indexOf(role) >= Role.options.indexOf(wanted);
  });
/** What the page offers; what may be done the project decides. */
export const isStaff = isAtLeast('staff');
export const isOwner = isAtLeast('owner');

/** Recovery codes that were just made: told once, so they stay until the person says they are kept. */
export const newCodes = shallowRef<readonly string[]>([]);

/** @throws Refused where the project can not say */
export async function lookWhoIsIn(): Promise<void> {
  current.value = (await ask(WhoIsIn, 'GET', '/sessions/current')).account;
}

export function signedIn(who: Account | null): void {
  current.value = who;
  if (who === null) newCodes.value = [];
}
