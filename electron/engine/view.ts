import { z } from 'zod';
import { Preferences } from '../../protocol/preferences.ts';

/**
 * Of the engine's state, what the shell shows. More lenient than the contract: the engine that runs may be older or
 * newer than this shell, and the tray says what it can all the same.
 */
export const Status = z.object({
  state: z.string(),
  reason: z.string(),
  cause: z
    .object({ code: z.string(), values: z.record(z.string(), z.union([z.string(), z.number(), z.null()])) })
    .nullish(),
});
export type Status = z.infer<typeof Status>;

export const Contribution = z.object({ unitsValid: z.number(), eventsValid: z.number() });
export type Contribution = z.infer<typeof Contribution>;

/** Resource -> how it is read. */
const RESOURCES = {
  status: Status,
  contribution: Contribution,
  preferences: Preferences,
  engineVersion: z.string(),
} as const;
type Resource = keyof typeof RESOURCES;
/** What the shell asks the engine to tell, in the form of its API. */
export const ONLY = Object.keys(RESOURCES).join(',');

export interface EngineView {
  readonly status: Status | null;
  readonly contribution: Contribution | null;
  /** null: of another shape than ours, so they are not changed from here. */
  readonly preferences: Preferences | null;
  readonly engineVersion: string | null;
}

export const NOTHING_KNOWN: EngineView = {
  status: null,
  contribution: null,
  preferences: null,
  engineVersion: null,
};

export function isShown(event: string): boolean {
  return event === 'state' || event in RESOURCES;
}

/** The view after one event of the stream: `state` with everything, or a resource's own. Pure. */
export function viewAfter(view: EngineView, event: string, data: unknown): EngineView {
  if (event === 'state') {
    const all = z.record(z.string(), z.unknown()).safeParse(data);
    if (!all.success) return NOTHING_KNOWN;
    return {
      status: read('status', all.data.status),
      contribution: read('contribution', all.data.contribution),
      preferences: read('preferences', all.data.preferences),
      engineVersion: read('engineVersion', all.data.engineVersion),
    };
  }
  switch (event) {
    case 'status':
    case 'contribution':
    case 'preferences':
    case 'engineVersion':
      return { ...view, [event]: read(event, data) };
    default:
      return view;
  }
}

function read<K extends Resource>(resource: K, data: unknown): z.infer<(typeof RESOURCES)[K]> | null {
  const parsed = RESOURCES[resource].safeParse(data);
  // The schema of this very resource has read it.
  return parsed.success ? (parsed.data as z.infer<(typeof RESOURCES)[K]>) : null;
}
