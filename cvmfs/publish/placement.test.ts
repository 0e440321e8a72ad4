import { describe, expect, it } from 'vitest';
import { isWanted, NO_DIRTAB, parseDirtab } from './dirtab.ts';
import { matchesGlob } from './glob.ts';
import { isNestedRoot, placeMarkers } from './placement.ts';
import { makeNode, type Node } from './tree.ts';

const attributes = { uid: 0, gid: 0, mtime: 0, mtimeNs: 0 };
const folderOf = (name: string, children: readonly Node[]): Node => {
  const node = makeNode({ ...attributes, name, mode: 0o040755 });
  for (const child of children) node.children?.set(child.entry.name, child);
  return node;
};
const filesOf = (count: number) =>
  Array.from({ length: count }, (_, i) => makeNode({ ...attributes, name: `file${i}`, mode: 0o100644 }));
const empty = () => ({ bytes: 0, hash: '0'.repeat(40), chunks: null });

describe('automatic splitting', () => {
  const tree = () =>
    folderOf('', [
      folderOf('large', [...filesOf(30), folderOf('inner', filesOf(50))]),
      folderOf('small', filesOf(5)),
      folderOf('medium', filesOf(20)),
    ]);
  const split = (root: Node, most: number, before: readonly string[] = []) =>
    [
      ...placeMarkers(root, { dirtab: NO_DIRTAB, auto: { most, least: 10 }, before: new Set(before), empty }),
    ].sort();

  it('takes the heaviest off until what is left is small enough', () => {
    expect(split(tree(), 1000)).toEqual([]);
    // 112 rows: "large" alone brings 82.
    expect(split(tree(), 100)).toEqual(['/large']);
    expect(split(tree(), 60)).toEqual(['/large/inner']);
    expect(split(tree(), 40)).toEqual(['/large', '/large/inner']);
  });

  it('is a marker that others see, the same each time, and stays where it was', () => {
    const root = tree();
    split(root, 100);
    const large = root.children?.get('large');
    if (!large) throw new Error('it is gone');
    expect([isNestedRoot(large), large.children?.has('.cvmfsautocatalog')]).toEqual([true, true]);
    expect(split(tree(), 1000, ['/medium'])).toEqual(['/medium']);
    expect(split(tree(), 1000, ['/small'])).toEqual([]);
  });

  it('leaves alone what a person marked', () => {
    const root = tree();
    root.children
      ?.get('large')
      ?.children?.set('.cvmfscatalog', makeNode({ ...attributes, name: '.cvmfscatalog', mode: 0o100644 }));
    expect(split(root, 60)).toEqual(['/large/inner']);
    const enough = tree();
    enough.children?.get('large')?.children?.get('inner')?.children?.clear();
    expect(split(enough, 100)).toEqual([]);
  });
});

describe('the dirtab', () => {
  it('names directories component by component, and takes back loosely', () => {
    const dirtab = parseDirtab(
      '# all releases\n/software/*\n/data/[x]\n/a/b?/c\n\n! *.old\n!/software/no*/\n',
    );
    for (const [path, wanted] of [
      ['/software/1.0', true],
      ['/software', false],
      ['/software/1.0/bin', false],
      ['/software/1.old', false],
      ['/software/nope', false],
      ['/data/[x]', true],
      ['/a/bb/c', true],
      ['/a/b/c', false],
    ] as const) {
      expect(isWanted(dirtab, path), path).toBe(wanted);
    }
  });

  it('is refused where it contradicts itself or names no path', () => {
    expect(() => parseDirtab('/a\n!/a\n')).toThrow('wanted and unwanted');
    expect(() => parseDirtab('a/b\n')).toThrow('line 1');
  });
});

it('patterns match as a shell’s', () => {
  for (const [pattern, text, is] of [
    ['*', 'anything', true],
    ['a*b*c', 'aXbYc', true],
    ['a*b*c', 'aXbY', false],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['?', '', false],
  ] as const) {
    expect(matchesGlob(pattern, text), pattern).toBe(is);
  }
});
