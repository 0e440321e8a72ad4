import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'vue/compiler-sfc';
import {
  DiskReason,
  DoctorAction,
  DoctorAdvice,
  DoctorFinding,
  FinishedUnit,
  RunningUnit,
  StatusCause,
  StatusView,
} from '../../../protocol/engine-api.ts';
import { readMessages, translationsOf } from '../../testkit/locales.ts';

const APP = fileURLToPath(new URL('..', import.meta.url));
const SHARED = fileURLToPath(new URL('../../shared', import.meta.url));

const english = readMessages(`${APP}/locales`, 'en');

function sources(folder: string): { file: string; text: string }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(vue|ts)$/.test(name) && !name.endsWith('.test.ts'))
    .map((name) => ({ file: name, text: readFileSync(`${folder}/${name}`, 'utf8') }));
}
const code = [...sources(APP), ...sources(SHARED)];

translationsOf(`${APP}/locales`, english, 0.07);

describe('every message', () => {
  // t('a.b'), `a.${b}` and the like; a key put together counts for all keys of that shape.
  const literals = new Set(
    code.flatMap(({ text }) => text.match(/'[a-z]+(\.[\w-]+)?'/g) ?? []).map((one) => one.slice(1, -1)),
  );
  const shapes = code
    .flatMap(({ text }) => text.match(/`[a-z]+\.[^`]*\$\{[^`]*`/g) ?? [])
    .map((one) =>
      one
        .slice(1, -1)
        .split(/\$\{[^}]*\}/)
        .map((part) => part.replaceAll('.', '\\.')),
    )
    .map((parts) => new RegExp(`^${parts.join('[\\w-]+')}$`));

  it('is used', () => {
    const unused = [...english.keys()].filter(
      (key) => !literals.has(key) && !shapes.some((shape) => shape.test(key)),
    );
    expect(unused).toEqual([]);
  });

  it('that the code names exists', () => {
    const named = code.flatMap(({ text }) =>
      [...text.matchAll(/\btn?\(\s*'([^']+)'/g)].map(([, key]) => key ?? ''),
    );
    expect(named.length).toBeGreaterThan(200);
    expect(named.filter((key) => !english.has(key))).toEqual([]);
  });

  it('for what the engine may say exists', () => {
    const wanted = [
      ...StatusView.shape.state.options.map((state) => `state.${state}`),
      ...StatusCause.shape.code.options.map((cause) => `cause.${cause}`),
      ...['disk', 'no-capsule', 'offline', 'no-work'].map((cause) => `cause.${cause}Plain`),
      ...RunningUnit.shape.state.options
        .filter((state) => state !== 'running')
        .map((state) => `unit.${state}`),
      ...FinishedUnit.shape.verdict.options.map((verdict) => `verdict.${verdict}`),
      ...DoctorAction.options.map((action) => `remedy.${action}`),
      ...DoctorFinding.options.map((finding) => `finding.${finding}`),
      ...DoctorAdvice.options.map((advice) => `advice.${advice}`),
      ...DiskReason.options.map((why) => `disk.${why}`),
    ];
    expect(wanted.filter((key) => !english.has(key))).toEqual([]);
  });
});

describe('templates', () => {
  /** Names and signs that are the same in every language. */
  const ALLOWED = /^(Beamtime|[^\p{L}]*)$/u;
  const SPOKEN = new Set(['aria-label', 'title', 'alt', 'label', 'aria-description']);

  /** As far as we look into Vue's syntax tree. */
  interface Node {
    readonly type: number;
    readonly content?: unknown;
    readonly props?: readonly {
      readonly type: number;
      readonly name: string;
      readonly value?: { readonly content: string };
    }[];
    readonly children?: readonly Node[];
  }
  const [ELEMENT, TEXT, ATTRIBUTE] = [1, 2, 6];

  function textsOf(node: Node): string[] {
    if (node.type === TEXT) return [String(node.content).trim()];
    if (node.type !== ELEMENT) return [];
    const spoken = (node.props ?? [])
      .filter((prop) => prop.type === ATTRIBUTE && SPOKEN.has(prop.name))
      .map((prop) => prop.value?.content ?? '');
    return [...spoken, ...(node.children ?? []).flatMap(textsOf)];
  }

  it.each(code.filter(({ file }) => file.endsWith('.vue')))('of $file hold no words', ({ text }) => {
    const { descriptor } = parse(text);
    const found = ((descriptor.template?.ast?.children ?? []) as unknown as Node[]).flatMap(textsOf);
    expect(found.filter((one) => !ALLOWED.test(one))).toEqual([]);
  });

  it.each(code.filter(({ file }) => file.endsWith('.vue')))(
    'of $file are styled for either writing direction',
    ({ text }) => {
      const { descriptor } = parse(text);
      const physical =
        /(^|[\s;{])((margin|padding|border)-(left|right)|left|right|text-align:\s*(left|right))\s*:?/gm;
      for (const { content } of descriptor.styles) expect(content.match(physical) ?? []).toEqual([]);
    },
  );
});
