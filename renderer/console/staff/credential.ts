import { computed, type Ref, ref } from 'vue';

/**
 * Who the person at this page is to the server: for now somebody who has pasted the staff token, which is kept in this tab's
 * session storage and nowhere else. No other module knows what a credential is.
 */
const KEY = 'beamtime.staff';

const token = ref(recall());

export const isSignedIn: Readonly<Ref<boolean>> = computed(() => token.value !== null);

/** What goes with each request to routes for staff. */
export function credentialHeaders(): Record<string, string> {
  return token.value === null ? {} : { authorization: `Bearer ${token.value}` };
}

/** Only what the server has taken is kept: `check` asks with the new credential. */
export async function signIn(given: string, check: () => Promise<unknown>): Promise<void> {
  const before = token.value;
  // A header holds no other characters.
  token.value = given.replaceAll(/[^\x21-\x7e]/g, '');
  try {
    await check();
  } catch (error) {
    token.value = before;
    throw error;
  }
  try {
    sessionStorage.setItem(KEY, token.value);
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
