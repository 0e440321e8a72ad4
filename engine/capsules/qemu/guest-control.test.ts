import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeAt } from '../../../ninep/trees/index.ts';
import { GuestControl, parseStatus, shellQuoted, unitScript } from './guest-control.ts';

const NEVER = new AbortController().signal;

/** Runs the script as the agent does, and tells what the program would be given. */
function sourced(script: string): { program: string; args: string[]; numbers: string } {
  const told = execFileSync(
    '/bin/sh',
    [
      '-c',
      'eval "$(cat)"; printf "%s %s %s %s\\0" "$memory_bytes" "$processes" "$open_files" "$file_kb"; printf "%s\\0" "$program" "$@"',
    ],
    { input: script, encoding: 'utf8', env: {}, cwd: '/' },
  ).split('\0');
  const [numbers = '', program = '', ...args] = told.slice(0, -1);
  return { program, args, numbers };
}

describe.skipIf(process.platform === 'win32')('unitScript, read by a real shell', () => {
  const hostile = [
    '',
    ' ',
    "'",
    "''",
    "'; rm -rf /; '",
    '$(reboot)',
    '`reboot`',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's, not ours
    '$HOME ${IFS} $$',
    '\\',
    "\\'",
    '"',
    'a\nb\n',
    '-n',
    '--',
    '*',
    '~',
    '!!',
    '&& || ; | < > # %',
    '\t\r\u001b[0m',
    'ünïcode ☢',
    'x'.repeat(10_000),
  ];

  test('sets variables by a program that then becomes the work unit’s', () => {
    const { program, args } = sourced(
      unitScript({ program: '/p', args: ['one'], environment: { A: "it's", B: '$(x)' }, memoryBytes: 1 }),
    );
    expect([program, ...args]).toEqual(['/bin/env', "A=it's", 'B=$(x)', '/p', 'one']);
  });

  test('hands hostile arguments over as they are', () => {
    const unit = { program: '/cvmfs/program', args: hostile, environment: {}, memoryBytes: 67_108_864 };
    const { program, args, numbers } = sourced(unitScript(unit));
    expect(program).toBe('/cvmfs/program');
    expect(args).toEqual(hostile);
    expect(numbers).toBe('67108864 64 1024 4194304');
  });

  test('hands any arguments over as they are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' })),
        fc.string({ unit: 'grapheme-ascii' }),
        (texts, path) => {
          const args = texts.map((text) => text.replaceAll('\0', ''));
          const program = path.replaceAll('\0', '');
          const told = sourced(unitScript({ program, args, environment: {}, memoryBytes: 1 }));
          expect(told.args).toEqual(args);
          expect(told.program).toBe(program);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('no argument at all leaves none', () => {
    expect(sourced(unitScript({ program: 'p', args: [], environment: {}, memoryBytes: 1 })).args).toEqual([]);
  });

  test('refuses what no shell can hold', () => {
    expect(() => shellQuoted('a\0b')).toThrow(RangeError);
  });
});

test.each([
  ['0 0\n', { exitStatus: 0, killedForMemory: false }],
  ['137 1\n', { exitStatus: 137, killedForMemory: true }],
  ['255 12\n', { exitStatus: 255, killedForMemory: true }],
  ['', null],
  ['\n', null],
  ['0\n', null],
  ['0 0', null],
  ['-1 0\n', null],
  ['0 0\n0 0\n', null],
  ['9999 0\n', null],
  ['0 0 extra\n', null],
])('parseStatus %j', (text, status) => {
  expect(parseStatus(text)).toEqual(status);
});

describe('GuestControl', () => {
  async function open(control: GuestControl, name: string, how: 'read' | 'write') {
    const node = await nodeAt(control.tree, name);
    return node.open({
      read: how === 'read',
      write: how === 'write',
      append: false,
      truncate: false,
      exclusive: false,
    });
  }

  test('the agent waits for a unit, reads it in pieces, and reports', async () => {
    const control = new GuestControl(() => {});
    const next = await open(control, 'next', 'read');
    const first = next.read(0n, 10, NEVER);
    await control.waiting;
    const unit = { program: '/p', args: ['one'], environment: {}, memoryBytes: 1 };
    control.run(unit);
    const text = [await first];
    for (let offset = 10n; ; ) {
      const piece = await next.read(offset, 10, NEVER);
      if (piece.length === 0) break;
      text.push(piece);
      offset += BigInt(piece.length);
    }
    await control.taken;
    expect(Buffer.concat(text).toString()).toBe(unitScript(unit));
    const status = await open(control, 'status', 'write');
    for (const piece of ['3', ' ', '0\n']) await status.write(0n, Buffer.from(piece), NEVER);
    expect(await control.status).toEqual({ exitStatus: 3, killedForMemory: false });
  });

  test('a status without end is cut off and unreadable', async () => {
    const control = new GuestControl(() => {});
    const status = await open(control, 'status', 'write');
    for (let i = 0; i < 1000; i++) await status.write(0n, Buffer.alloc(1000, '1'), NEVER);
    await status.write(0n, Buffer.from('\n'), NEVER);
    expect(await Promise.race([control.status, Promise.resolve('waiting')])).toBe('waiting');
  });

  test('what the program prints goes on as it comes', async () => {
    const told: string[] = [];
    const control = new GuestControl((data) => {
      told.push(Buffer.from(data).toString());
    });
    const console = await open(control, 'console', 'write');
    await console.write(0n, Buffer.from('hello '), NEVER);
    await console.write(6n, Buffer.from('world'), NEVER);
    expect(told).toEqual(['hello ', 'world']);
  });
});
