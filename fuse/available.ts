import { open, readFile } from 'node:fs/promises';

/** capabilities(7) */
const CAP_SYS_ADMIN = 21n;

/** What is missing here for root to mount, as in some containers; null: nothing. */
export async function whyNoFuse(): Promise<string | null> {
  if (!/\tfuse$/m.test(await readFile('/proc/filesystems', 'utf8')))
    return 'the kernel of this computer has no FUSE, and "modprobe fuse" finds none';
  try {
    await (await open('/dev/fuse', 'r+')).close();
  } catch (error) {
    return `/dev/fuse cannot be opened (${error instanceof Error ? error.message : error}); a container needs "--device /dev/fuse"`;
  }
  const may = /^CapEff:\s*([0-9a-f]+)$/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1];
  if (((BigInt(`0x${may ?? 0}`) >> CAP_SYS_ADMIN) & 1n) === 0n)
    return 'root may not mount here; a container needs "--cap-add SYS_ADMIN"';
  return null;
}
