import type { CampaignSpec } from '../../protocol/campaign.ts';
import type { CampaignClone } from '../../protocol/staff-api.ts';

/**
 * A document with changes: "events" names a key of it, "parameters.energyGeV" a key one deeper (which may have dots of
 * its own). A key that is changed to null is left out.
 */
export function changed(
  spec: CampaignSpec,
  name: string,
  changes: CampaignClone['changes'],
): Record<string, unknown> {
  let made: Record<string, unknown> = { ...spec };
  for (const [path, value] of Object.entries(changes)) {
    const dot = path.indexOf('.');
    if (dot < 0) {
      made = withKey(made, path, value);
      continue;
    }
    const key = path.slice(0, dot);
    const inner = Object.hasOwn(made, key) ? made[key] : undefined;
    const below = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? { ...inner } : {};
    made = withKey(made, key, withKey(below, path.slice(dot + 1), value));
  }
  return withKey(made, 'name', name);
}

function withKey(object: Record<string, unknown>, key: string, value: unknown): Record<string, unknown> {
  const others = Object.fromEntries(Object.entries(object).filter(([one]) => one !== key));
  return value === null ? others : { ...others, [key]: value };
}
