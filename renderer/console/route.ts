import { readonly, ref } from 'vue';

/** Which campaign the address names: "#/campaigns/z-line-shape"; null: the list of all. */
export function campaignOf(hash: string): string | null {
  const name = /^#\/campaigns\/([^/]+)$/.exec(hash)?.[1];
  if (name === undefined) return null;
  try {
    return decodeURIComponent(name);
  } catch {
    return null;
  }
}

const current = ref(campaignOf(location.hash));
addEventListener('hashchange', () => {
  current.value = campaignOf(location.hash);
});

export const campaignShown = readonly(current);
export const linkTo = (campaign: string) => `#/campaigns/${encodeURIComponent(campaign)}`;
export const LIST = '#/';
