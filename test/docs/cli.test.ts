import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { reference } from '../../src/cli/reference.ts';
import { root } from '../cli/processes.ts';
import { page } from './page.ts';

const cli = page('docs/cli.md');

it('is what the commands say of themselves: npm run docs:cli writes it', async () => {
  expect(readFileSync(join(root, 'docs/cli.md'), 'utf8')).toBe(await reference(commands));
});

it('can be tried as it stands', async () => {
  const printed = await cli.shell('try');
  expect(printed).toContain('teas is created.');
  expect(printed).toMatch(/^Settings +retention.ms=3600000$/m);
  expect(printed).toContain('"groupId": "kitchen"');
  expect(printed).toContain('teas is deleted.');
});
