/** Opcodes of include/uapi/linux/fuse.h by their names there. */
export const OPCODES = {
  LOOKUP: 1,
  FORGET: 2,
  GETATTR: 3,
  READLINK: 5,
  MKDIR: 9,
  UNLINK: 10,
  OPEN: 14,
  READ: 15,
  WRITE: 16,
  STATFS: 17,
  GETXATTR: 22,
  LISTXATTR: 23,
  INIT: 26,
  OPENDIR: 27,
  READDIR: 28,
  INTERRUPT: 36,
  IOCTL: 39,
  BATCH_FORGET: 42,
  READDIRPLUS: 44,
} as const;
export type Opcode = keyof typeof OPCODES;

/** A request as the kernel sends it. */
export function asking(op: Opcode, unique: bigint, node: bigint, body: Buffer): Buffer {
  const frame = Buffer.alloc(40 + body.length);
  frame.writeUInt32LE(frame.length, 0);
  frame.writeUInt32LE(OPCODES[op], 4);
  frame.writeBigUInt64LE(unique, 8);
  frame.writeBigUInt64LE(node, 16);
  frame.set(body, 40);
  return frame;
}
