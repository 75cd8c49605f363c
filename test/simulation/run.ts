/**
 * `npm run sim -- --seed N --minutes M` replays one seed; `npm run sim:long -- --for MINUTES` runs
 * new ones, `npm run sim:long -- --seeds 1..1000` these; `npm run sim -- --seed N --every-crash` a
 * calm one again and again, with a crash at each point where an object waits; `--transactions`
 * leaves out all who use none. The surprise: minutes of a seed are simulated ones, minutes of
 * `--for` are real.
 */
import { parseArgs } from 'node:util';
import { type SimulationResult, simulate } from './simulate.ts';
import { calm, type Trouble } from './world/world.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string', default: '0.5' },
    long: { type: 'boolean', default: false },
    for: { type: 'string', default: '10' },
    seeds: { type: 'string' },
    'every-crash': { type: 'boolean', default: false },
    'crash-at': { type: 'string' },
    transactions: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
const transactionsOnly = values.transactions;

function describe(result: SimulationResult): string {
  const { seed, history, events, hash, worstRealtimeLagMs, anomalies, bugs } = result;
  const counts = `${history.length} operations, ${events} events, lag ${Math.round(worstRealtimeLagMs)} ms`;
  const verdict = anomalies.length + bugs.length === 0 ? 'ok' : 'FAILED';
  return `seed ${seed}: ${verdict}, ${counts}, history ${hash}`;
}

function complaints({ seed, anomalies, bugs }: SimulationResult): string[] {
  if (anomalies.length + bugs.length === 0) return [];
  return [
    ...anomalies.slice(0, 20).map(({ key, detail }) => `  ${key}: ${detail}`),
    ...bugs.slice(0, 5).map((bug) => `  bug: ${bug}`),
    `  again: npm run sim -- --seed ${seed} --minutes ${minutes}`,
  ];
}

/** Nothing goes wrong but one crash. */
function oneCrash(crashAt: number): Trouble {
  return { ...calm, stale: crashAt % 3 === 0 ? 1 : 0, crashAt };
}

async function runOne(seed: number, talkative: boolean, crashAt?: number): Promise<boolean> {
  const trouble = crashAt === undefined ? {} : { trouble: oneCrash(crashAt) };
  const result = await simulate({ seed, minutes, transactionsOnly, ...trouble });
  const words = complaints(result);
  if (words.length > 0 && crashAt !== undefined) words.push(`  with --crash-at ${crashAt}`);
  if (words.length > 0 && transactionsOnly) words.push('  with --transactions');
  if (talkative || words.length > 0) console.log([describe(result), ...words].join('\n'));
  if (talkative) {
    for (const [kind, count] of [...result.faults].sort()) console.log(`  ${count} × ${kind}`);
  }
  return words.length === 0;
}

/** The first seed, the last one, and when to stop in any case. */
function extent(): [first: number, last: number, end: number] {
  if (values.seeds !== undefined) {
    const [first, last = first] = values.seeds.split('..').map(Number);
    return [first, last, Number.POSITIVE_INFINITY];
  }
  const first = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed);
  return [first, Number.POSITIVE_INFINITY, Date.now() + Number(values.for) * 60_000];
}

async function runLong(): Promise<void> {
  const [first, last, end] = extent();
  const began = Date.now();
  const failed: number[] = [];
  let seed = first;
  for (; seed <= last && Date.now() < end; seed++) {
    if (!(await runOne(seed, false))) failed.push(seed);
  }
  const took = Math.round((Date.now() - began) / 1_000);
  const verdict = failed.length === 0 ? 'all ok' : `${failed.length} failed: ${failed.join(' ')}`;
  console.log(`${seed - first} seeds, ${first} to ${seed - 1}, in ${took} s: ${verdict}`);
  if (failed.length > 0) process.exitCode = 1;
}

/** The same seed once for each point at which some object could crash. */
async function runEveryCrash(seed: number): Promise<void> {
  const { crashPoints } = await simulate({
    seed,
    minutes,
    transactionsOnly,
    trouble: oneCrash(0),
  });
  const failed: number[] = [];
  for (let crashAt = 1; crashAt <= crashPoints; crashAt++) {
    if (!(await runOne(seed, false, crashAt))) failed.push(crashAt);
  }
  const verdict = failed.length === 0 ? 'all ok' : `${failed.length} failed: ${failed.join(' ')}`;
  console.log(`seed ${seed} with a crash at each of ${crashPoints} points: ${verdict}`);
  if (failed.length > 0) process.exitCode = 1;
}

const seed = Number(values.seed ?? 1);
const crashAt = values['crash-at'] === undefined ? undefined : Number(values['crash-at']);
if (values['every-crash']) await runEveryCrash(seed);
else if (values.long) await runLong();
else if (!(await runOne(seed, true, crashAt))) process.exitCode = 1;
