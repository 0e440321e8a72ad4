import { readonly, ref } from 'vue';

export const PAGES = ['home', 'contribution', 'projects', 'preferences', 'health'] as const;
export type PageName = (typeof PAGES)[number];

/** Which page the address names: "#/projects"; anything else is home. */
export function pageOf(hash: string): PageName {
  return PAGES.find((page) => hash === `#/${page}`) ?? 'home';
}

const current = ref<PageName>(pageOf(location.hash));
addEventListener('hashchange', () => {
  current.value = pageOf(location.hash);
});

export const page = readonly(current);
export const linkTo = (name: PageName) => `#/${name}`;
export function go(name: PageName): void {
  location.hash = linkTo(name);
}
