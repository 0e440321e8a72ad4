import { z } from 'zod';
import type { Platform } from './release.ts';

/** A fully qualified name, as CernVM-FS gives its repositories; it becomes part of paths and addresses. */
const RepositoryName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{0,58}[a-z0-9]$/)
  .refine((name) => !name.includes('..'));

/** The project's repository of software, in the CernVM-FS format, at /cvmfs/REPOSITORY of its server. */
export const ProjectSoftware = z.strictObject({
  repository: RepositoryName,
  /** Whose signature readers believe: an RSA public key, base64 of its SubjectPublicKeyInfo in DER. */
  masterKey: z.base64(),
  /** First 32 hexadecimal digits of the SHA-256 of those bytes: what an invitation carries as "software". */
  masterKeyFingerprint: z.string().regex(/^[0-9a-f]{32}$/),
});
export type ProjectSoftware = z.infer<typeof ProjectSoftware>;

/** Where in the project's repository a release or the appliance lies. Set by the server when it publishes one. */
export const SoftwarePlace = z.strictObject({
  repository: RepositoryName,
  /** The name of the revision that brought it. */
  tag: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:+-]{0,254}$/),
  /** The hash of that revision's root catalog: whatever the tag comes to mean later, this is what is run. */
  rootCatalog: z.string().regex(/^[0-9a-f]{40}(-[a-z0-9]{1,12})?$/),
  /** The folder that all of it is in. */
  path: z.string().regex(/^(\/[a-z0-9][a-z0-9._-]{0,63}){1,4}$/),
});
export type SoftwarePlace = z.infer<typeof SoftwarePlace>;

/** Names below SoftwarePlace.path. A tree's files lie below its folder, beside which its manifest is. */
export const softwareNames = {
  /** A program that is one file. */
  program: (platform: Platform) => `${platform}/program`,
  treeFolder: (platform: Platform) => platform,
  treeManifest: (platform: Platform) => `${platform}.tree.json`,
  /** The release as staff published it; for people who look into the repository. */
  release: 'release.json',
  kernel: 'kernel',
  initrd: 'initrd',
} as const;
