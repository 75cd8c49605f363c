/**
 * How soon a broker is there, and what it takes while nothing is asked of it: Kedge as it is
 * installed from its package, beside Apache Kafka. The surprise: both are measured in turns in one
 * run, since what a machine does in half a second today it does in a whole one tomorrow.
 */
import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { installApacheKafka, kafkaJars } from '../test/compat/apache-kafka/kafka.ts';
import { Random } from '../test/simulation/world/random.ts';
import {
  type Benchmark,
  progress,
  progressDone,
  ratioText,
  table,
  UsageError,
} from './benchmark.ts';
import { familyOf, isListenedOn, memoryOf, nameOf, runs } from './processes.ts';
import {
  cycle,
  filesLeft,
  type InstalledKedge,
  installKedge,
  type Started,
  startKafka,
  startKedgeDev,
} from './start-brokers.ts';
import { compare, judge, median, type Ratio } from './statistics.ts';

const limits = { start: 0.5, memory: 0.7 };
/** How long a broker is left alone before its memory is looked at. */
const idleMs = 2_000;

const percent = (share: number): string => `${share * 100} %`;

const help = `start: Kedge is there sooner than Apache Kafka, and takes less memory.

Packs Kedge and installs it into an empty project; has Maven fetch Apache Kafka. Then, in turns,
spawns \`kedge dev --memory\` and a Kafka of one node, each with empty data: measures the time until
ApiVersions is answered, and the memory of all processes once nothing has been asked for
${idleMs / 1000} s. Then starts and stops Kedge by startKedge() of kedge/testing in one process.

Usage: npm run bench -- start [options]

Options
  --rounds <n>       how often each is spawned (default 10)
  --cycles <n>       how often startKedge() is called (default 100)
  --help             this text

Linux alone, with Java and Maven. Fails when Kedge takes more than ${percent(limits.start)} of
Kafka's time or ${percent(limits.memory)} of its memory, or leaves a process, a port or a file.
`;

interface Series {
  readonly afterMs: number[];
  readonly memory: number[];
}

export const start: Benchmark = {
  summary: 'Kedge is there sooner than Apache Kafka, and takes less memory',
  help,
  async run(args) {
    const { rounds, cycles } = parse(args);
    progress('Apache Kafka is fetched');
    await installApacheKafka();
    progress('Kedge is packed and installed');
    const installed = await installKedge();
    process.once('SIGINT', () => process.exit(130)).once('exit', () => installed.remove());
    const left: string[] = [];
    const kedge: Series = { afterMs: [], memory: [] };
    const kafka: Series = { afterMs: [], memory: [] };
    // Once for nothing: files come into the system's memory, and Node.js keeps what it compiled.
    await look(await startKedgeDev(installed), installed.scratch);
    await look(await startKafka());
    for (let round = 0; round < rounds; round++) {
      progress(`round ${round + 1} of ${rounds}`);
      const both = [
        async () =>
          left.push(...(await look(await startKedgeDev(installed), installed.scratch, kedge))),
        async () => look(await startKafka(), undefined, kafka),
      ];
      for (const one of round % 2 === 0 ? both : both.reverse()) await one();
    }
    progress(`startKedge() and stop(), ${cycles} times`);
    const inProcess = await cycle(installed, cycles);
    progressDone();
    left.push(...inProcess.left);
    return report({ kedge, kafka, inProcess: inProcess.afterMs, left, installed });
  },
};

function parse(args: readonly string[]): { rounds: number; cycles: number } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rounds: { type: 'string', default: '10' },
        cycles: { type: 'string', default: '100' },
      },
    });
    const [rounds, cycles] = [Number(values.rounds), Number(values.cycles)];
    for (const count of [rounds, cycles]) {
      if (!Number.isInteger(count) || count < 1) throw new UsageError('A count is 1 or more.');
    }
    return { rounds, cycles };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`${(error as Error).message}.`);
  }
}

/** Looks at a broker while it idles, and stops it; what it left behind. */
async function look(broker: Started, scratch?: string, series?: Series): Promise<string[]> {
  series?.afterMs.push(broker.afterMs);
  if (series) await delay(idleMs);
  const family = familyOf(broker.pid);
  series?.memory.push(memoryOf(family));
  const names = new Map(family.map((pid) => [pid, nameOf(pid)]));
  await broker.stop();
  // What hears that another has ended does so a moment later.
  const deadline = performance.now() + 1_000;
  while (family.some(runs) && performance.now() < deadline) await delay(10);
  return [
    ...family.filter(runs).map((pid) => `the process ${names.get(pid)}`),
    ...(isListenedOn(broker.port) ? [`the port ${broker.port}`] : []),
    ...(scratch === undefined ? [] : filesLeft(scratch)),
  ];
}

interface Measured {
  readonly kedge: Series;
  readonly kafka: Series;
  readonly inProcess: readonly number[];
  readonly left: readonly string[];
  readonly installed: InstalledKedge;
}

function report({ kedge, kafka, inProcess, left, installed }: Measured): boolean {
  const random = new Random(1);
  const startRatio = compare(kafka.afterMs, kedge.afterMs, random);
  const memoryRatio = compare(kafka.memory, kedge.memory, random);
  const seconds = (values: readonly number[]) => `${(median(values) / 1000).toFixed(2)} s`;
  const megabytes = (values: readonly number[]) => `${median(values).toFixed(0)} MB`;
  const modules = installed.project.file('node_modules');
  const jars = readdirSync(kafkaJars).length;
  const row = (what: string, ours: string, theirs: string, ratio?: Ratio) => [
    ...[what, ours, theirs, ratio ? ratioText(ratio) : ''],
  ];
  console.log(
    table([
      ['', 'Kedge', 'Apache Kafka', 'ratio'],
      row('from spawn to ApiVersions', seconds(kedge.afterMs), seconds(kafka.afterMs), startRatio),
      row('startKedge(), warm process', seconds(inProcess), ''),
      row('memory, idle', megabytes(kedge.memory), megabytes(kafka.memory), memoryRatio),
      row('installed', `${sizeOf(modules)} MB`, `${sizeOf(kafkaJars)} MB + ${jvm()}`),
      row('packages', `${packagesIn(modules)}`, `${jars} jars`),
    ]),
  );
  console.log(
    left.length === 0
      ? '\nNo process, no port and no file was left behind.'
      : `\nLEFT BEHIND: ${[...new Set(left)].join(', ')}`,
  );
  const verdicts = [judge(startRatio, limits.start), judge(memoryRatio, limits.memory)];
  console.log(`Start: ${verdicts[0]}. Memory: ${verdicts[1]}.`);
  return left.length === 0 && verdicts.every((verdict) => verdict === 'holds');
}

/** MB on the disk; what is there by two names counts once. */
function sizeOf(folder: string): string {
  const sizes = new Map<number, number>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const { ino, size } = lstatSync(join(folder, name));
    sizes.set(ino, size);
  }
  return ([...sizes.values()].reduce((sum, size) => sum + size, 0) / 1e6).toFixed(0);
}

function packagesIn(modules: string): number {
  return readdirSync(modules, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /^(@[^/]+\/)?[^/@]+\/package\.json$/.test(name),
  ).length;
}

/** What Java takes, where it is installed. */
function jvm(): string {
  const { stderr } = spawnSync('java', ['-XshowSettings:properties', '-version'], {
    encoding: 'utf8',
  });
  const home = /java\.home = (.+)/.exec(stderr)?.[1];
  return home ? `${sizeOf(home)} MB of Java` : 'Java';
}
