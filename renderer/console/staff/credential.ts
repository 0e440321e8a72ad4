import { computed, type Ref, ref } from 'vue';

/**
 * Who the person at this page is to the server: for now somebody who has pasted the staff token, which is kept in this tab's
 * session storage and nowhere else. No other module knows what a credential is.
 */
const KEY = 'beamtime.staff';

const token = ref(recall());

export const isSignedIn: Readonly<Ref<boolean>> = computed(() => token.value !== null);

/** One that is being tried: its owner is not signed in yet. */
let tried: string | null = null;

/** What goes with each request to routes for staff. */
export function credentialHeaders(): Record<string, string> {
  const current = tried ?? token.value;
  return current === null ? {} : { authorization: `Bearer ${current}` };
}

/** Only what the server takes is kept: `check` asks with the new credential. */
export async function signIn(given: string, check: () => Promise<unknown>): Promise<void> {
  // A header holds no other characters.
  const candidate = given.replaceAll(/[^\x21-\x7e]/g, '');
  tried = candidate;
  try {
    await check();
  } finally {
    tried = null;
  }
  token.value = candidate;
  try {
    sessionStorage.setItem(KEY, candidate);
  } catch {
    // Storage is switched off: it holds until the page is loaded again.
  }
}

export function signOut(): void {
  token.value = null;
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Then nothing was kept either.
  }
}

function recall(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
