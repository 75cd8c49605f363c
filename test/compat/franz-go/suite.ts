/** franz-go and its admin client kadm, in one Go program. */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exactlyOnce } from '../exactly-once.ts';
import { cacheOf, download, once, pathOf } from '../install.ts';
import { runProgram } from '../program.ts';
import { runCases, type Suite } from '../suite.ts';

const folder = pathOf('franz-go');

function program(): string {
  return join(cacheOf('franz-go'), 'cases');
}

async function build(): Promise<void> {
  const names = readdirSync(folder).filter((name) => /\.go$|^go\./.test(name));
  const sources = names.map((name) => join(folder, name)).sort();
  await once(`${program()}.stamp`, sources, async () => {
    await download('go', ['mod', 'download'], { cwd: folder });
    await download('go', ['vet', '.'], { cwd: folder });
    await download('go', ['build', '-o', program(), '.'], { cwd: folder });
  });
}

export const suite: Suite = {
  name: 'franz-go',
  debianPackages: [],
  install: build,
  version: async () => {
    const module = await readFile(pathOf('franz-go/go.mod'), 'utf8');
    return /franz-go v\S+/.exec(module)?.[0] ?? '';
  },
  run: async (context) => {
    await runProgram(context, program(), []);
    const pipeline = exactlyOnce(
      { command: program(), args: [] },
      { workers: 2, kills: 3, restarts: 1, stranger: true },
    );
    await runCases([pipeline], context);
  },
};
