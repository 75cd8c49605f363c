/**
 * The Java client's suites: one program for each release of the client, made of the same cases, and
 * workers of the same code for the cases that kill them.
 */
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Worker } from './exactly-once.ts';
import { cacheOf, once, pathOf } from './install.ts';
import { fetchJars, jarsOf, jdk, jvm } from './maven.ts';
import { runToEnd } from './processes.ts';
import { runProgram } from './program.ts';
import { type Case, runCases, type Suite } from './suite.ts';

export interface JavaClient {
  /** The folder with the pom.xml that names the release. */
  readonly name: string;
  /** The sources of the program, relative to `test/compat`. */
  readonly sources: readonly string[];
  /** Cases whose workers are processes of this class of the sources. */
  readonly more: (workerOf: (main: string) => Worker) => readonly Case[];
  readonly long?: boolean;
}

function classesOf(name: string): string {
  return join(cacheOf(name), 'classes');
}

/** The arguments of `java` for the suite's classes, but for the one that is to run. */
export function javaProgram(name: string): string[] {
  return [...jvm, '-cp', `${classesOf(name)}:${jarsOf(name)}`];
}

export function javaClient({ name, sources, more, long = false }: JavaClient): Suite {
  const classes = classesOf(name);
  const program = javaProgram(name);
  const workerOf = (main: string) => ({ command: 'java', args: [...program, main] });
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
      await runCases(more(workerOf), context);
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
