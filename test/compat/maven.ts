/**
 * Jars from Maven, for the suites that run on the JVM: a pom.xml with pinned versions in, a folder
 * of jars out.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheOf, download, once, pathOf } from './install.ts';
import type { DebianPackage } from './suite.ts';

const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

export const jdk: readonly DebianPackage[] = [
  { name: 'default-jdk-headless', unless: 'javac' },
  { name: 'maven', unless: 'mvn' },
];

/** A small heap and a quick start; the client's own log goes to standard error. */
export const jvm: readonly string[] = [
  '-Xmx256m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
];

/** The class path of everything the suite's pom.xml names. */
export function jarsOf(suite: string): string {
  return join(cacheOf(suite), 'libs', '*');
}

export async function fetchJars(suite: string): Promise<void> {
  const cache = cacheOf(suite);
  const pom = pathOf(`${suite}/pom.xml`);
  await once(join(cache, 'libs.stamp'), [pom], async () => {
    await rm(join(cache, 'libs'), { recursive: true, force: true });
    const where = `-DoutputDirectory=${join(cache, 'libs')}`;
    await download('mvn', ['--batch-mode', '--quiet', '--file', pom, COPY, where]);
  });
}
