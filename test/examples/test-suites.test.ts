/** The suites that are examples, as their READMEs say to run them. */
import { expect, it } from 'vitest';
import { run } from '../cli/processes.ts';
import { linkedProject } from '../linked-project.ts';

it.each([
  ['kafkajs', ['kafkajs', 'vitest'], /Tests .*6 passed/],
  ['platformatic', ['@platformatic/kafka'], /pass 5\n.*fail 0/],
] as const)('examples/test-with-%s is green', async (name, packages, green) => {
  using project = linkedProject(packages, `examples/test-with-${name}`);
  const suite = run('npm', ['test'], { cwd: project.path, env: { NO_COLOR: '1' } });
  const end = await suite.ended;
  expect([end, suite.stdout() + suite.stderr()]).toEqual([0, expect.stringMatching(green)]);
});
