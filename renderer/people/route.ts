import { readonly, ref } from 'vue';

const PAGES = ['statistics', 'account', 'sign-in', 'sign-up'] as const;
export type PageName = (typeof PAGES)[number];

const here = (): PageName => PAGES.find((name) => location.hash === `#/${name}`) ?? 'statistics';
const current = ref<PageName>(here());
addEventListener('hashchange', () => {
  current.value = here();
});

export const pageShown = readonly(current);
export const linkTo = (page: PageName) => `#/${page}`;
export function goTo(page: PageName): void {
  location.hash = linkTo(page);
}
