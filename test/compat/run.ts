/**
 * `npm run test:compat`: the Kafka clients of other ecosystems against Kedge, each installed with
 * its own package tool and run as its users run it. Mostly they wait, so several suites run at a
 * time, each with a Kedge of its own; installing goes on in the background. The last line is
 * `N passed, M failed`.
 */
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Kedge, otherBroker } from './broker.ts';
import { installDebianPackages, pathOf } from './install.ts';
import { addPassing, judge, readPassing, type Tally } from './ledger.ts';
import { killEverything } from './processes.ts';
import type { Broker, CaseResult, Suite } from './suite.ts';

const HELP = `Runs Kafka clients of other ecosystems against Kedge, and scripts to Apache Kafka and
Kedge side by side. It installs them first: on Debian or Ubuntu, as root or with sudo, by apt, pip,
Maven and Go.

Usage: npm run test:compat [-- options]

Options
  --only <client>       run this client's suite only; may be given more than once
  --case <name>         run this case only
  --broker <host:port>  test the broker that listens there (for example Apache Kafka), not Kedge
  --restart <command>   how to restart that broker; without it the cases that need it are skipped
  --long                take the time that a nightly run has, where a suite knows what to do with it
  --accept              add the cases that newly pass to the passing.txt of their client
  --help                this text

Exit code: 0 when every case that is to pass did, 1 when one did not.

Clients: `;

const SUITE_LIMIT_MS = 300_000;
const LONG_SUITE_LIMIT_MS = 1_800_000;
const SUITES_AT_A_TIME = 3;

interface Options {
  readonly only: readonly string[];
  readonly onlyCase: string | null;
  readonly broker: string | null;
  readonly restart: string | null;
  readonly long: boolean;
  readonly accept: boolean;
}

type Print = (text: string) => void;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function clients(): string[] {
  const entries = readdirSync(pathOf('./'), { withFileTypes: true, recursive: false });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return folders.filter((name) => readdirSync(pathOf(`./${name}`)).includes('suite.ts')).sort();
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      case: { type: 'string' },
      broker: { type: 'string' },
      restart: { type: 'string' },
      long: { type: 'boolean', default: false },
      accept: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    print(HELP + clients().join(', '));
    process.exit(0);
  }
  const unknown = values.only.filter((name) => !clients().includes(name));
  if (unknown.length > 0) throw new Error(`no such client: ${unknown.join(', ')}`);
  if (values.accept && values.broker !== undefined) {
    throw new Error('--accept is for what passes with Kedge, so it does not go with --broker');
  }
  const { only, accept, long, case: onlyCase = null, broker = null, restart = null } = values;
  return { only, onlyCase, broker, restart, long, accept };
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

/** What is said of a case as it ends; why a listed one failed is told in full, at the end too. */
function lineOf(result: CaseResult, passing: ReadonlySet<string>, time: string): string {
  const { name, verdict, detail } = result;
  const gap = verdict === 'failed' && !passing.has(name);
  const why = gap ? detail.split('\n')[0]! : detail.replaceAll('\n', '\n      ');
  const line = `  ${(gap ? 'not yet' : verdict).padEnd(7)} ${name} (${time})`;
  return why === '' ? line : `${line}\n      ${why}`;
}

async function runSuite(
  suite: Suite,
  broker: Broker,
  passing: ReadonlySet<string>,
  options: Options,
  print: Print,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  let last = performance.now();
  let limit: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    const limitMs = options.long ? LONG_SUITE_LIMIT_MS : SUITE_LIMIT_MS;
    limit = setTimeout(() => reject(new Error('the suite took too long')), limitMs);
  });
  const report = (result: CaseResult) => {
    results.push(result);
    print(lineOf(result, passing, seconds(last)));
    last = performance.now();
  };
  const note = (text: string) => print(`  - ${text}`);
  try {
    const context = { broker, onlyCase: options.onlyCase, long: options.long, report, note };
    await Promise.race([suite.run(context), tooLong]);
  } catch (error) {
    print(`  the suite broke off: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    clearTimeout(limit);
  }
  return results;
}

/** One client from install to verdict. */
async function check(
  suite: Suite,
  installed: Promise<void>,
  options: Options,
  print: Print,
): Promise<Tally> {
  const started = performance.now();
  const list = pathOf(`${suite.name}/passing.txt`);
  const passing = readPassing(list);
  let results: CaseResult[] = [];
  print(`\n${suite.name}`);
  try {
    await installed;
    print(`  ${await suite.version()}`);
    const kedge = options.broker === null ? await Kedge.start(suite.settings) : null;
    try {
      const broker = kedge ?? otherBroker(options.broker!, options.restart);
      results = await runSuite(suite, broker, passing, options, print);
      if (kedge && kedge.complaints !== '') print(`  Kedge said:\n${kedge.complaints}`);
    } finally {
      await kedge?.close();
    }
  } catch (error) {
    print(`  could not run: ${error instanceof Error ? error.message : String(error)}`);
  }
  const complete = options.onlyCase === null;
  const tally = judge(suite.name, results, passing, complete);
  if (results.length === 0 && tally.failed === 0) {
    tally.failed += 1;
    tally.failures.push(`${suite.name}\nno case ran`);
  }
  if (options.accept && tally.unlisted.length > 0) addPassing(list, tally.unlisted);
  print(`  ${suite.name}: ${tally.passed} passed, ${tally.failed} failed in ${seconds(started)}`);
  return tally;
}

function summarise(tallies: readonly Tally[], started: number): number {
  const sum = (pick: (tally: Tally) => number) => tallies.reduce((all, one) => all + pick(one), 0);
  const gaps = tallies.flatMap((tally) => tally.gaps);
  const failures = tallies.flatMap((tally) => tally.failures);
  const unlisted = tallies.flatMap((tally) => tally.unlisted);
  if (gaps.length > 0) print(`\nNot there yet (see each FINDINGS.md):\n  ${gaps.join('\n  ')}`);
  if (unlisted.length > 0) print(`\nPassing, not in passing.txt yet: ${unlisted.join(', ')}`);
  for (const failure of failures) print(`\nFAILED ${failure}`);
  const [passed, failed] = [sum((tally) => tally.passed), sum((tally) => tally.failed)];
  print(`\nCompatibility took ${seconds(started)}`);
  print(`${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

/** Starts all installs, one after the other in the background; a suite waits for its own. */
function startInstalls(suites: readonly Suite[]): Promise<void>[] {
  const debian = installDebianPackages(suites.flatMap((one) => one.debianPackages));
  debian.catch(() => {}); // told by the suites that need it
  let previous = Promise.resolve();
  return suites.map((suite) => {
    const packages = suite.debianPackages.length > 0 ? debian : undefined;
    const mine = Promise.all([previous, packages]).then(() => suite.install());
    previous = mine.catch(() => {}); // told when the suite's turn comes
    return mine;
  });
}

async function main(): Promise<number> {
  const started = performance.now();
  const options = readOptions();
  const names = options.only.length > 0 ? options.only : clients();
  const suites: Suite[] = [];
  for (const name of names) {
    const module = (await import(`./${name}/suite.ts`)) as { suite: Suite };
    suites.push(module.suite);
  }
  suites.sort((one, other) => Number(other.long ?? false) - Number(one.long ?? false));
  const installs = startInstalls(suites);
  const tallies: Tally[] = [];
  const waiting = [...suites.entries()];
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, suite] = next;
      const told: string[] = [];
      // One suite alone is told of as it goes, of several each in one piece.
      const tell = suites.length === 1 ? print : (text: string) => void told.push(text);
      tallies.push(await check(suite, installs[index]!, options, tell));
      if (told.length > 0) print(told.join('\n'));
    }
  };
  // Where the broker is somebody else's there is one for all, which suites may restart.
  const lanes = options.broker === null ? SUITES_AT_A_TIME : 1;
  await Promise.all(Array.from({ length: lanes }, lane));
  return summarise(tallies, started);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killEverything();
    process.exit(130);
  });
}
process.once('exit', killEverything);

try {
  process.exit(await main());
} catch (error) {
  print(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
