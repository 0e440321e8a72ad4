/** A file that was damaged, and is kept for the person. */
export interface Notice {
  /** What was in it. */
  readonly about: 'preferences' | 'projects' | 'facts' | 'history';
  readonly movedTo: string;
}

export interface Damage {
  readonly preferences: string | null;
  readonly memberships: string | null;
  readonly facts: string | null;
  readonly history: string | null;
}

/** @param damage where each file was put; null: it was sound */
export function noticesOf({ preferences, memberships, facts, history }: Damage): Notice[] {
  const all = { preferences, projects: memberships, facts, history };
  return (Object.keys(all) as Notice['about'][]).flatMap((about) => {
    const movedTo = all[about];
    return movedTo === null ? [] : [{ about, movedTo }];
  });
}
