import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { command as consume } from '../../../src/cli/records/consume.ts';
import { command as exporting } from '../../../src/cli/records/export.ts';
import { command as importing } from '../../../src/cli/records/import.ts';
import { command as produce } from '../../../src/cli/records/produce.ts';
import { type Kedge as Broker, spawnKedge } from '../../kedge-process.ts';
import { run } from '../processes.ts';
import { kedgeAt, program } from './kedge-command.ts';

let broker: Broker;
let folder: string;

beforeAll(async () => {
  broker = await spawnKedge();
  folder = await mkdtemp(join(tmpdir(), 'kedge-examples-'));
  for (const name of ['orders.txt', 'picture.png', 'app.log']) {
    await writeFile(join(folder, name), 'tea\n');
  }
}, 60_000);

afterAll(async () => {
  await broker?.stop();
  if (folder) await rm(folder, { recursive: true });
});

/** It goes on until Ctrl-C. */
const waiting = /--follow/;

it('does what its examples say', { timeout: 120_000 }, async () => {
  const kedge = kedgeAt(broker.bootstrapServers);
  for (const { name, examples = [] } of [produce, consume, exporting, importing]) {
    expect([name, examples.length > 0]).toEqual([name, true]);
    for (const { command } of examples) {
      const interrupted = waiting.test(command) ? 'timeout --preserve-status -s INT 5 ' : '';
      const typed = command.replaceAll(
        'kedge ',
        `${interrupted}"${process.execPath}" "${program}" `,
      );
      const shell = run('bash', ['-e', '-o', 'pipefail', '-c', typed], {
        cwd: folder,
        env: { KEDGE_BOOTSTRAP: broker.bootstrapServers },
      });
      expect([command, await shell.ended, shell.stderr()]).toEqual([command, 0, shell.stderr()]);
    }
  }
  const { stdout } = await kedge(['consume', '-t', 'orders-copy', '-e', '-q', '-K:']);
  expect(stdout.split('\n').toSorted()).toEqual(['', ':tea', ':tea', 'cup:tea']);
});
