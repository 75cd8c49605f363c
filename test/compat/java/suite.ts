/** The Java client, Kafka's own, with every case in one JVM. */
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheOf, once, pathOf } from '../install.ts';
import { fetchJars, jarsOf, jdk, jvm } from '../maven.ts';
import { runToEnd } from '../processes.ts';
import { runProgram } from '../program.ts';
import type { Suite } from '../suite.ts';

function classes(): string {
  return join(cacheOf('java'), 'classes');
}

async function compile(): Promise<void> {
  const folder = pathOf('java/cases');
  const names = readdirSync(folder).filter((name) => name.endsWith('.java'));
  const sources = names.map((name) => join(folder, name)).sort();
  const stamp = join(cacheOf('java'), 'classes.stamp');
  await once(stamp, [pathOf('java/pom.xml'), ...sources], async () => {
    await rm(classes(), { recursive: true, force: true });
    const options = ['-Xlint:all', '-Werror', '-d', classes(), '-cp', jarsOf('java')];
    await runToEnd('javac', [...options, ...sources], { timeoutMs: 120_000 });
  });
}

export const suite: Suite = {
  name: 'java',
  debianPackages: jdk,
  install: async () => {
    await fetchJars('java');
    await compile();
  },
  version: async () => {
    const jars = readdirSync(join(cacheOf('java'), 'libs'));
    return jars.find((name) => name.startsWith('kafka-clients'))?.replace('.jar', '') ?? '';
  },
  run: (context) => {
    const path = `${classes()}:${jarsOf('java')}`;
    return runProgram(context, 'java', [...jvm, '-cp', path, 'Main']);
  },
};
