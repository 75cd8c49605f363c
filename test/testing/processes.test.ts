/** What becomes of a Kedge when the process that started it ends. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { endAll, gone, type Program, root, run } from '../cli/processes.ts';

const scratch = mkdtempSync(join(tmpdir(), 'kedge-processes-'));
afterEach(endAll);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A program that starts a Kedge in a directory, says which its workerd is, and goes on. */
function program(directory: string, goesOn: string): Program {
  const file = join(scratch, `${goesOn.length}.mts`);
  const code = `
    import { readFileSync } from 'node:fs';
    import { startKedge } from '${join(root, 'src/testing/index.ts')}';
    const kedge = await startKedge({ dataDir: '${directory}', topics: ['orders'] });
    console.log('workerd', readFileSync('${directory}/workerd.pid', 'utf8').trim(), '.');
    ${goesOn}`;
  writeFileSync(file, code);
  return run(process.execPath, [file]);
}

const workerdOf = (said: string): number => Number(/workerd (\d+)/.exec(said)![1]);

it('lets a process end that has nothing else to do, and ends with it', async () => {
  const forgetful = program(join(scratch, 'forgetful'), '');
  expect([await forgetful.ended, forgetful.stderr()]).toEqual([0, '']);
  await gone(workerdOf(forgetful.stdout()));
});

it('ends with a process that is killed, and another may have its directory', async () => {
  const directory = join(scratch, 'killed');
  const killed = program(directory, 'setInterval(() => {}, 1000);');
  await killed.until('.\n');
  const workerd = workerdOf(killed.stdout());
  killed.child.kill('SIGKILL');
  await killed.ended;
  await gone(workerd);
  const next = program(
    directory,
    'console.log(await kedge.admin.listTopics()); await kedge.stop();',
  );
  expect([await next.ended, next.stderr()]).toEqual([0, '']);
  expect(next.stdout()).toContain("[ 'orders' ]");
});

it('leaves nothing behind that was to be kept nowhere', async () => {
  const code = `
    import { startKedge } from '${join(root, 'src/testing/index.ts')}';
    await using one = await startKedge();
    await using other = await startKedge();`;
  const file = join(scratch, 'tidy.mts');
  writeFileSync(file, code);
  const home = mkdtempSync(join(scratch, 'tmp-'));
  const tidy = run(process.execPath, [file], { env: { TMPDIR: home } });
  expect([await tidy.ended, tidy.stderr()]).toEqual([0, '']);
  expect(readdirSync(home).filter((name) => name.startsWith('kedge'))).toEqual([]);
});
