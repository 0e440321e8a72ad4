import type { App, Session, WebContents } from 'electron';
import { ORIGIN } from './pages.ts';

/** Whether an address is one of our pages. */
export function isOurPage(url: string): boolean {
  return url === ORIGIN || url.startsWith(`${ORIGIN}/`);
}

/** Every page that is ever made in this app: it stays where it is and opens nothing. */
export function lockDownContents(app: App, onRefused: (what: string, url: string) => void): void {
  app.on('web-contents-created', (_, contents: WebContents) => {
    const stay = (what: string) => (event: { preventDefault(): void }, url: string) => {
      if (isOurPage(url)) return;
      event.preventDefault();
      onRefused(what, url);
    };
    contents.on('will-navigate', stay('navigation'));
    contents.on('will-redirect', stay('redirect'));
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      onRefused('window', url);
      return { action: 'deny' };
    });
  });
}

/** No permission is ever given, no device shown, nothing downloaded, and nothing asked of any other address. */
export function lockDownSession(session: Session, onRefused: (what: string, url: string) => void): void {
  session.setPermissionRequestHandler((_, permission, answer) => {
    onRefused(`permission ${permission}`, '');
    answer(false);
  });
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event, item) => {
    event.preventDefault();
    onRefused('download', item.getURL().slice(0, 200));
  });
  session.webRequest.onBeforeRequest((details, answer) => {
    const isOurs = isOurPage(details.url) || /^(data|blob|devtools):/.test(details.url);
    if (!isOurs) onRefused('request', details.url.slice(0, 200));
    answer({ cancel: !isOurs });
  });
  // Spelling dictionaries would be fetched from elsewhere.
  session.setSpellCheckerEnabled(false);
}
