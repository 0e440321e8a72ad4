import { z } from 'zod';
import { Count, Sha256, UnitPath } from './primitives.ts';

/** A file of a tree: its bytes are an object of their own, so that trees share what they have in common. */
const TreeFile = z.strictObject({
  path: UnitPath,
  sha256: Sha256,
  bytes: Count,
  executable: z.boolean(),
});
export type TreeFile = z.infer<typeof TreeFile>;

/** A symbolic link. It is the guest that follows it, never a host. */
const TreeLink = z.strictObject({ path: UnitPath, target: z.string().min(1).max(255) });

export const TreeEntry = z.union([TreeFile, TreeLink]);
export type TreeEntry = z.infer<typeof TreeEntry>;

/** A manifest beyond this is a disk image, not a program. */
export const MAX_TREE_ENTRIES = 20_000;

/**
 * The folder a program lives in: executable, dynamic loader, libraries, data. The document is an object like any
 * other (Release.programs names it by hash); folders follow from the paths.
 */
export const TreeManifest = z.strictObject({
  kind: z.literal('tree'),
  /** By path, each once, none below another that is a file or a link. */
  entries: z
    .array(TreeEntry)
    .min(1)
    .max(MAX_TREE_ENTRIES)
    .superRefine((entries, context) => {
      const paths = new Set(entries.map((entry) => entry.path));
      let before = '';
      entries.forEach(({ path }, i) => {
        if (path <= before)
          context.addIssue({ code: 'custom', path: [i], message: 'paths must increase, each once' });
        before = path;
        for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
          if (paths.has(path.slice(0, end)))
            context.addIssue({
              code: 'custom',
              path: [i],
              message: 'lies below something that is no folder',
            });
        }
      });
    }),
});
export type TreeManifest = z.infer<typeof TreeManifest>;
