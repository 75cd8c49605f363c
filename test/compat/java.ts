/**
 * The Java client's suites: one program for each release of the client, made of the same cases, and
 * a worker of the same code for the pipeline that is killed.
 */
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exactlyOnce, type Trouble } from './exactly-once.ts';
import { cacheOf, once, pathOf } from './install.ts';
import { fetchJars, jarsOf, jdk, jvm } from './maven.ts';
import { runToEnd } from './processes.ts';
import { runProgram } from './program.ts';
import { runCases, type Suite } from './suite.ts';

export interface JavaClient {
  /** The folder with the pom.xml that names the release. */
  readonly name: string;
  /** The sources of the program, relative to `test/compat`. */
  readonly sources: readonly string[];
  readonly trouble: Trouble;
  readonly long?: boolean;
}

function classesOf(name: string): string {
  return join(cacheOf(name), 'classes');
}

/** The arguments of `java` for the suite's classes, but for the one that is to run. */
export function javaProgram(name: string): string[] {
  return [...jvm, '-cp', `${classesOf(name)}:${jarsOf(name)}`];
}

export function javaClient({ name, sources, trouble, long = false }: JavaClient): Suite {
  const classes = classesOf(name);
  const program = javaProgram(name);
  const worker = { command: 'java', args: [...program, 'Pipeline'] };
  return {
    name,
    long,
    debianPackages: jdk,
    install: async () => {
      await fetchJars(name);
      await compile(name, classes, sources.map(pathOf));
    },
    version: async () => {
      const jars = readdirSync(join(cacheOf(name), 'libs'));
      return jars.find((jar) => jar.startsWith('kafka-clients'))?.replace('.jar', '') ?? '';
    },
    run: async (context) => {
      await runProgram(context, 'java', [...program, 'Main']);
      await runCases([exactlyOnce(worker, trouble)], context);
    },
  };
}

/** Compiles the sources against the jars of the suite. */
export async function compile(
  name: string,
  classes: string,
  sources: readonly string[],
): Promise<void> {
  const inputs = [pathOf(`${name}/pom.xml`), ...sources];
  await once(join(cacheOf(name), 'classes.stamp'), inputs, async () => {
    await rm(classes, { recursive: true, force: true });
    const options = ['-Xlint:all', '-Werror', '-d', classes, '-cp', jarsOf(name)];
    await runToEnd('javac', [...options, ...sources], { timeoutMs: 120_000 });
  });
}
