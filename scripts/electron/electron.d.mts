export interface ElectronHere {
  readonly executable: string;
  /** The one package.json pins; false: the stand-in. */
  readonly official: boolean;
}

/** The executable of the Electron that package.json pins, or null where its binary has not been fetched. */
export function officialElectron(root: string): string | null;
/** What is here now. */
export function electronHere(root: string): ElectronHere | null;
/** A display to open a window on. */
export function hasDisplay(env?: NodeJS.ProcessEnv, platform?: NodeJS.Platform): boolean;
/** Makes an Electron be here, if any can be had; says what it does and what to do where none can. */
export function electron(root: string, node: string): Promise<void>;
