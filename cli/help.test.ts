import { expect, it } from 'vitest';
import { COMMANDS } from './commands.ts';
import { commandHelp, generalHelp } from './help.ts';

it('lists all commands', async () => {
  await expect(generalHelp(COMMANDS)).toMatchFileSnapshot('golden/help.txt');
});

const ALL = COMMANDS.flatMap((entry) => [entry, ...(entry.actions ?? [])]);

it.each(ALL)('of $name reads well', async ({ name, summary, load, actions }) => {
  const command = await load();
  // The list is written apart from the commands, so that it costs no loading.
  expect([command.name, command.summary]).toEqual([name, summary]);
  const help = commandHelp(command, actions);
  expect(help.split('\n').filter((line) => line.length > 100)).toEqual([]);
  await expect(help).toMatchFileSnapshot(`golden/${name.replace(' ', '-')}.txt`);
});
