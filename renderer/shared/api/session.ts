const KEY = 'beamtime.token';

/**
 * The engine's token: comes once in the address (`#token=...`), then lives in this tab's session storage. The
 * fragment is taken out of the address bar and the tab's history, so that it is not copied or shown by accident.
 * @returns null where this tab never had one
 */
export function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) {
    history.replaceState(history.state, '', location.pathname + location.search);
    if (token !== '') {
      remember(token);
      return token;
    }
  }
  return recall();
}

export function forgetToken(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Storage is switched off: then nothing was kept either.
  }
}

function remember(token: string): void {
  try {
    sessionStorage.setItem(KEY, token);
  } catch {
    // Storage is switched off: the page works until it is reloaded.
  }
}

function recall(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
