import { describe, expect, it } from 'vitest';
import { RefusedError } from '../errors.ts';
import { readDocument } from './documents.ts';
import { readText } from './text.ts';

const TEXT = `# a campaign
kind: campaign
name: quick
version: '0.1.0' # of the release
limits:
  memoryMb: 64
`;

describe('a document', () => {
  it('knows the line of each part, and of the nearest one for a part that is not there', () => {
    const text = readText('c.yaml', TEXT);
    expect(text.at(['kind'])).toBe('c.yaml:2');
    expect(text.at(['limits', 'memoryMb'])).toBe('c.yaml:6');
    expect(text.at(['limits', 'nothing'])).toBe('c.yaml:6');
    expect(text.at(['nothing'])).toBe('c.yaml:1');
  });

  it('may be JSON', () => {
    expect(readText('c.json', '{"kind": "campaign",\n "name": "x"}').at(['name'])).toBe('c.json:2');
  });

  it('takes overrides in place: lines, comments and the rest stay', () => {
    const { text, value } = readText('c.yaml', TEXT, { name: 'quick-abc-1', version: '0.1.0-abc' });
    expect(value).toMatchObject({ name: 'quick-abc-1', version: '0.1.0-abc', limits: { memoryMb: 64 } });
    expect(text.split('\n')).toHaveLength(TEXT.split('\n').length);
    expect(text).toContain('"0.1.0-abc" # of the release');
  });

  it('takes overrides of keys that it does not have', () => {
    expect(readText('c.yaml', TEXT.trimEnd(), { seed: 7 }).value).toMatchObject({ seed: 7, name: 'quick' });
  });

  it('is refused at the line where it breaks', () => {
    expect(() => readText('c.yaml', 'kind: campaign\nname: "x\n')).toThrow(/^c\.yaml:\d+: /);
    expect(() => readText('c.yaml', '- 1\n', { name: 'x' })).toThrow(RefusedError);
  });

  it('does not swell by aliases', () => {
    const bomb = [
      'a: &a [1,1,1,1,1,1,1,1]',
      ...'bcdefgh'.split('').map((k, i) => {
        const before = 'abcdefg'[i];
        return `${k}: &${k} [${Array(8).fill(`*${before}`).join(',')}]`;
      }),
    ].join('\n');
    expect(() => readText('bomb.yaml', bomb)).toThrow(RefusedError);
  });
});

describe('its kind', () => {
  it('must be said', () => {
    expect(() => readDocument(readText('x.yaml', 'name: x\n'))).toThrow('x.yaml:1: says no "kind: release"');
  });

  it('decides what is checked, each problem with its line', () => {
    const text = readText('a.yaml', 'kind: appliance\nkernel: vmlinuz\ninitrd: 7\nkernelversion: "6"\n');
    let message = '';
    try {
      readDocument(text);
    } catch (error) {
      message = error instanceof RefusedError ? error.message : '';
    }
    expect(message).toContain('a.yaml:3: initrd: ');
    expect(message).toContain('a.yaml:4: "kernelversion" is not known here');
    expect(message).toContain('kernelVersion: ');
  });
});
