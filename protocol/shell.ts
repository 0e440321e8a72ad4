import { z } from 'zod';

/**
 * Between the desktop shell (electron/) and the pages (renderer/app): what a page in a browser cannot do. The
 * preload offers `window.beamtimeShell` with invoke() and on() for exactly these names; the shell checks every input
 * by these schemas and that the caller is its own page. Everything else goes over the engine's local API.
 */
export const LANGUAGES = ['en', 'fr', 'de', 'it', 'es'] as const;
export const Language = z.enum(LANGUAGES);
export type Language = z.infer<typeof Language>;

/** Of the shell, not of the engine: kept in its own file. */
export const ShellSettings = z.strictObject({
  startAtLogin: z.boolean().default(false),
  /** null: the system's. */
  language: Language.nullable().default(null),
  scheme: z.enum(['system', 'light', 'dark']).default('system'),
  notify: z
    .strictObject({
      firstValidated: z.boolean().default(true),
      milestone: z.boolean().default(true),
      attention: z.boolean().default(true),
    })
    .prefault({}),
});
export type ShellSettings = z.infer<typeof ShellSettings>;

/** The engine as the shell sees it; the window shows it where the API cannot be reached. */
export const EngineProcess = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('starting') }),
  /** `ours`: this shell started it; else it ran already. */
  z.strictObject({ state: z.literal('running'), url: z.url(), token: z.string(), ours: z.boolean() }),
  z.strictObject({ state: z.literal('restarting'), inSeconds: z.number(), reason: z.string() }),
  z.strictObject({ state: z.literal('failed'), reason: z.string() }),
]);
export type EngineProcess = z.infer<typeof EngineProcess>;

export const ShellInfo = z.strictObject({
  version: z.string(),
  platform: z.string(),
  /** Closing the window leaves something to click on. */
  hasTray: z.boolean(),
  canStartAtLogin: z.boolean(),
  /** Secrets are encrypted by the system's keyring; false: kept readable by this user only. */
  secretsEncrypted: z.boolean(),
  /** Things the person should know once, such as settings that were damaged and set aside. */
  notices: z.array(z.string()),
});
export type ShellInfo = z.infer<typeof ShellInfo>;

export const UpdateState = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('none') }),
  z.strictObject({ state: z.literal('downloading'), version: z.string(), percent: z.number() }),
  z.strictObject({ state: z.literal('ready'), version: z.string() }),
  z.strictObject({ state: z.literal('refused'), reason: z.string() }),
]);
export type UpdateState = z.infer<typeof UpdateState>;

/** Calls of the page: input and output of each. */
export const SHELL_CALLS = {
  info: { input: z.null(), output: ShellInfo },
  engine: { input: z.null(), output: EngineProcess },
  settings: { input: z.null(), output: ShellSettings },
  setSettings: { input: ShellSettings, output: ShellSettings },
  /** Starts the engine again now, after it failed. */
  restartEngine: { input: z.null(), output: z.null() },
  updateState: { input: z.null(), output: UpdateState },
  /** Asks where and writes; false: the person changed their mind. */
  saveFile: {
    input: z.strictObject({
      name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$/),
      base64: z.string().max(40_000_000),
    }),
    output: z.boolean(),
  },
  /** Opens a page of the project or of ours in the browser; https, or http on loopback. */
  openOutside: { input: z.url().max(2000), output: z.null() },
  /** The invitation of a deep link or .beamtime file that waits for the person's confirmation, once. */
  takeInvitation: { input: z.null(), output: z.string().nullable() },
  /** The state of the engine is on the screen, for the first time since the page was loaded. */
  painted: { input: z.null(), output: z.null() },
} as const satisfies Record<string, { input: z.ZodType; output: z.ZodType }>;
export type ShellCall = keyof typeof SHELL_CALLS;

/** What the shell tells the page by itself. */
export const SHELL_EVENTS = {
  engine: EngineProcess,
  settings: ShellSettings,
  updateState: UpdateState,
  /** Go to a page: from the tray menu. */
  navigate: z.enum(['home', 'contribution', 'projects', 'preferences', 'health']),
  /** An invitation came in: ask takeInvitation. */
  invitation: z.null(),
} as const satisfies Record<string, z.ZodType>;
export type ShellEvent = keyof typeof SHELL_EVENTS;
