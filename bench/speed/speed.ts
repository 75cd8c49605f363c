/**
 * Kedge beside its floor and, where one is named, beside a peer: all workloads, one table. The
 * surprise: a goal that is missed is said, and fails nothing, unless `--strict` is; what fails a
 * run is what could not be measured.
 */
import { accessSync, constants, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { type Benchmark, progress, progressDone, Stopped, UsageError } from '../benchmark.ts';
import { judgeGoals } from './goals.ts';
import { endLoads } from './loads.ts';
import { thisMachine } from './machine.ts';
import { measure } from './measure.ts';
import { peers } from './peers/index.ts';
import { type Results, resultsOf } from './results.ts';
import type { System } from './system.ts';
import { bare } from './systems/bare.ts';
import { kedge } from './systems/kedge.ts';
import { figuresText, goalsText, headText, legend } from './table.ts';
import type { Workload } from './workload.ts';
import { workloads } from './workloads/index.ts';

const peerNames = Object.keys(peers).join(', ');

export const speedOptions = `  --peer <name>         also measures one of ${peerNames}; may be repeated
  --only <name,…>       these workloads, or those whose names begin so
  --rounds <n>          how often each is measured, in turns (default 5; 3 with a peer; some
                        that take long, 3 at most)
  --seconds <n>         how long each look lasts (default: what the workload has)
  --records <n>         how many records each look takes, instead of a time
  --out <file>          keeps all samples as JSON
  --strict              exit code 1 when a goal is missed
  --list                the workloads`;

interface Options {
  readonly systems: readonly System[];
  readonly workloads: readonly Workload[];
  readonly rounds: number;
  readonly seconds?: number;
  readonly records?: number;
  readonly out?: string;
  readonly strict: boolean;
}

export const speed: Pick<Benchmark, 'summary' | 'run'> = {
  summary: 'Kedge beside a bare Worker, and beside Kafka and others',
  async run(args) {
    if (args.includes('--list')) {
      for (const { name, title } of workloads) console.log(`${name.padEnd(20)} ${title}`);
      for (const [peer, { workloads = [] }] of Object.entries(peers)) {
        for (const { name, title } of workloads) {
          console.log(`${name.padEnd(20)} ${title} (--peer ${peer})`);
        }
      }
      return true;
    }
    const { systems, rounds, out, strict, ...plan } = parse(args);
    const stopping = stopWhenAsked();
    const machine = thisMachine();
    const measured = await measure({
      ...plan,
      systems,
      rounds,
      onProgress: progress,
      check: stopping.check,
    }).finally(stopping.forget);
    progressDone();
    const results = resultsOf(measured, machine, rounds);
    return report(results, systems, { out, strict });
  },
};

function parse(args: readonly string[]): Options {
  const { values } = parsed(args);
  const { peer = [], only, rounds, seconds, records, out, strict = false } = values;
  for (const name of peer) {
    if (!Object.hasOwn(peers, name)) throw new UsageError(`There is no peer '${name}'.`);
  }
  const beside = peer.map((name) => peers[name]);
  const all = [...workloads, ...beside.flatMap((one) => one.workloads ?? [])];
  return {
    systems: [kedge, bare, ...beside.flatMap(({ systems }) => systems)],
    workloads: only === undefined ? all : chosen(only, all),
    rounds: count('rounds', rounds ?? (peer.length === 0 ? '5' : '3')),
    ...(seconds !== undefined && { seconds: positive('seconds', seconds) }),
    ...(records !== undefined && { records: count('records', records) }),
    ...(out !== undefined && { out: writable(out) }),
    strict,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        peer: { type: 'string', multiple: true },
        only: { type: 'string' },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        records: { type: 'string' },
        out: { type: 'string' },
        strict: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}.`);
  }
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0 && value < Number.POSITIVE_INFINITY) return value;
  throw new UsageError(`--${name} is a number above 0, not '${text}'.`);
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new UsageError(`--${name} is a whole number above 0, not '${text}'.`);
}

/** Said before minutes are spent on what cannot be kept. */
function writable(path: string): string {
  try {
    accessSync(dirname(path), constants.W_OK);
    return path;
  } catch {
    throw new UsageError(`--out: there is no folder '${dirname(path)}' that can be written to.`);
  }
}

function chosen(only: string, all: readonly Workload[]): Workload[] {
  const wanted = only.split(',').filter((name) => name !== '');
  if (wanted.length === 0) throw new UsageError('--only names no workload; --list names them.');
  const names = wanted.map((name) => {
    const exact = all.filter((one) => one.name === name);
    const found = exact.length > 0 ? exact : all.filter((one) => one.name.startsWith(name));
    if (found.length > 0) return found;
    throw new UsageError(`There is no workload '${name}'; --list names them.`);
  });
  return all.filter((one) => names.some((found) => found.includes(one)));
}

/** From now on Ctrl-C ends what is under way, so that all that was started is stopped in order. */
function stopWhenAsked() {
  let isAsked = false;
  const stop = () => {
    isAsked = true;
    endLoads();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, stop);
  return {
    check: () => {
      if (isAsked) throw new Stopped();
    },
    forget: () => {
      for (const signal of signals) process.off(signal, stop);
    },
  };
}

function report(
  results: Results,
  systems: readonly System[],
  { out, strict }: Pick<Options, 'out' | 'strict'>,
): boolean {
  const judged = judgeGoals(results);
  if (out !== undefined) {
    writeFileSync(out, `${JSON.stringify({ ...results, goals: judged }, undefined, 1)}\n`);
  }
  console.log(`${headText(results)}\n\n${figuresText(results, systems)}\n\n${legend}`);
  const said = goalsText(judged, results.rows);
  if (said !== '') console.log(`\n${said}`);
  for (const failure of results.failures) console.error(`FAILED ${failure}`);
  const isMissed = judged.some(({ verdict }) => verdict === 'missed');
  return results.failures.length === 0 && !(strict && isMissed);
}
