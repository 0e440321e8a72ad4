import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { autostartEntry } from '../login/desktop-entry.ts';
import { invitationIn } from './arguments.ts';

const folder = mkdtempSync(join(tmpdir(), 'bt-arg-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

test('a link or a file is found among other arguments; the first that is one counts', () => {
  const link = 'BEAMTIME://join?url=x&key=y';
  expect(invitationIn(['--flag', '.', link, 'beamtime://other'])).toBe(link);
  expect(invitationIn([file('a.beamtime', '# for you\r\n\r\n  beamtime://join?url=x  \r\n')])).toBe(
    'beamtime://join?url=x',
  );
  expect(invitationIn([file('b.Beamtime', 'https://project.example/#key=0')])).toBe(
    'https://project.example/#key=0',
  );
});

test('what is none, or too long, is left alone', () => {
  expect(
    invitationIn(['--flag', 'https://example.com', 'not-beamtime:x', join(folder, 'gone.beamtime')]),
  ).toBeNull();
  expect(invitationIn([`beamtime:${'x'.repeat(500)}`])).toBeNull();
  expect(invitationIn([file('c.beamtime', 'x'.repeat(5000))])).toBeNull();
  expect(invitationIn([file('d.beamtime', '# nothing\n')])).toBeNull();
  expect(invitationIn([folder])).toBeNull();
});

test('a path with anything in it survives the autostart entry', () => {
  const entry = autostartEntry(['/opt/My "App"/$x %u\\', '--hidden']);
  expect(entry).toContain('Exec="/opt/My \\\\"App\\\\"/\\\\$x %%u\\\\\\\\" --hidden\n');
});
