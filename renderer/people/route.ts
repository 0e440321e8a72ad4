import { readonly, ref } from 'vue';

const PAGES = [
  'statistics',
  'account',
  'sign-in',
  'sign-up',
  'invitations',
  'accounts',
  'recover',
  'reset',
  'join',
] as const;
export type PageName = (typeof PAGES)[number];

/** What the address names: a page, and what it is about where it is about something ("#/join/CODE"). */
interface Route {
  readonly page: PageName;
  readonly about: string;
}

function here(): Route {
  const [, name = '', about = ''] = location.hash.split('/');
  return { page: PAGES.find((one) => one === name) ?? 'statistics', about };
}
const current = ref<Route>(here());
addEventListener('hashchange', () => {
  current.value = here();
});

export const route = readonly(current);
export const linkTo = (page: PageName, about?: string) =>
  `#/${page}${about === undefined ? '' : `/${about}`}`;
export function goTo(page: PageName): void {
  location.hash = linkTo(page);
}

/** What an institute sent the browser back with, once: it is not for the history of the browser, nor to be loaded again. */
export function takeReturn(): string | null {
  const query = location.search.slice(1);
  if (!/(^|&)state=/.test(query)) return null;
  history.replaceState(null, '', location.pathname + location.hash);
  return query;
}
