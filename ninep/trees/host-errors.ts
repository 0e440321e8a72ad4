import { ERRNO, type ErrnoName, TreeError } from '../tree.ts';

/** Runs calls of the host's file system; what they throw becomes a TreeError with the same errno. */
export function sys<T>(calls: () => T): T {
  try {
    return calls();
  } catch (error) {
    throw treeError(error);
  }
}

export function treeError(error: unknown): unknown {
  if (error instanceof TreeError || !(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  // What Windows and macOS name otherwise.
  const known = code === 'ENOTSUP' ? 'EOPNOTSUPP' : code;
  return new TreeError(known in ERRNO ? (known as ErrnoName) : 'EIO', error.message, { cause: error });
}
