import { readonly, ref } from 'vue';

export const STAFF_PAGES = ['operations', 'new', 'software'] as const;
export type StaffPage = (typeof STAFF_PAGES)[number];

/** What the address names. */
export type Route =
  | { readonly page: 'list' }
  | { readonly page: 'campaign'; readonly campaign: string }
  /** `from`: the campaign that a new one is made from. */
  | { readonly page: 'staff'; readonly staff: StaffPage; readonly from: string | null }
  /** One histogram alone, in somebody else's page. */
  | {
      readonly page: 'embed';
      readonly campaign: string;
      readonly point: number;
      readonly histogram: string;
    };

/** @param path of the address; only at "/embed" is a page in a frame, and there is nothing else there */
export function routeOf(path: string, hash: string): Route {
  const parts = hash.replace(/^#\//, '').split('/').map(decoded);
  const [first = '', second = '', third = '', fourth = ''] = parts;
  if (path.endsWith('/embed')) {
    const point = /^\d{1,5}$/.test(third) ? Number(third) : 0;
    return { page: 'embed', campaign: second, point, histogram: fourth };
  }
  if (first === 'campaigns' && second !== '' && parts.length === 2)
    return { page: 'campaign', campaign: second };
  if (first === 'staff') {
    const staff = STAFF_PAGES.find((one) => one === second) ?? 'operations';
    return { page: 'staff', staff, from: staff === 'new' && third !== '' ? third : null };
  }
  return { page: 'list' };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

const here = () => routeOf(location.pathname, location.hash);
const current = ref<Route>(here());
addEventListener('hashchange', () => {
  current.value = here();
});

export const route = readonly(current);
export const LIST = '#/';
export const linkTo = (campaign: string) => `#/campaigns/${encodeURIComponent(campaign)}`;
export const linkToStaff = (page: StaffPage, from?: string) =>
  `#/staff/${page}${from === undefined ? '' : `/${encodeURIComponent(from)}`}`;
/** A page for others' frames. */
export const embedAddress = (campaign: string, point: number, histogram: string) =>
  `${location.origin}/embed#/campaigns/${encodeURIComponent(campaign)}/${point}/${encodeURIComponent(histogram)}`;
