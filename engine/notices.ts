/** A file that was damaged, and is kept for the person. */
export interface Notice {
  /** What was in it: "your preferences". */
  readonly what: string;
  readonly movedTo: string;
  readonly remedy: string;
}

export interface Damage {
  readonly preferences: string | null;
  readonly memberships: string | null;
  readonly facts: string | null;
  readonly history: string | null;
}

/** @param damage where each file was put; null: it was sound */
export function noticesOf(damage: Damage): Notice[] {
  const one = (movedTo: string | null, what: string, remedy: string): Notice[] =>
    movedTo === null ? [] : [{ what, movedTo, remedy }];
  return [
    ...one(damage.preferences, 'your preferences', 'The gentle defaults hold; set what you want again.'),
    ...one(damage.memberships, 'the list of your projects', 'Join them again; your credit there is kept.'),
    ...one(damage.facts, 'what was measured of this computer', 'Nothing to do: it is measured again.'),
    ...one(
      damage.history,
      'the history of your contribution',
      'A new one has begun; the projects still have your credit.',
    ),
  ];
}
