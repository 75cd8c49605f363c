/** The command line of the simulation: what may be said, and what is made of it. */
import { parseArgs } from 'node:util';
import { minutesOf, type Workload, workloads } from './workloads.ts';

export const help = `
Lets crashes, lost messages and broken connections befall a whole Kedge, its objects and its
clients, in one process and on a virtual clock, and checks what the clients saw. All of it comes
from a seed: the same seed gives the same history, event for event.

Usage: npm run sim [-- options]         one seed, and what befell it
       npm run sim:long [-- options]    seed after seed; prints those that fail, and how many ran

Options
  --seed <n>        the seed, or the first one (sim: 1; sim:long: a new one each time)
  --workload <w>    what happens, of these:
${Object.entries(workloads)
  .map(([name, what]) => `      ${name.padEnd(16)}${what}`)
  .join('\n')}
  --minutes <m>     simulated minutes of each seed (0.5; 10 where members churn)
  --for <m>         sim:long: minutes on the clock on the wall after which it ends (10)
  --seeds <a>..<b>  sim:long: these seeds, however long it takes
  --every-crash     sim: nothing goes wrong but one crash; once for each point where it may happen
  --crash-at <n>    sim: that, for the n-th point alone
  --help            this text

Exit code: 0 when nothing was found, 1 when something was, 2 for a command line that makes no sense.
What failed prints one command that plays it again.
`.trimStart();

/** A command line that cannot be obeyed; the message is for the person who typed it. */
export class UsageError extends Error {}

export interface Options {
  readonly help: boolean;
  readonly long: boolean;
  readonly minutes: number;
  readonly seed: number | undefined;
  readonly seeds: readonly [first: number, last: number] | undefined;
  /** Milliseconds. */
  readonly duration: number;
  readonly workload: Workload;
  readonly everyCrash: boolean;
  readonly crashAt: number | undefined;
}

export function parseOptions(args: readonly string[]): Options {
  const { values } = parse(args);
  const workload = workloadNamed(values.workload);
  const number = (name: 'seed' | 'minutes' | 'for' | 'crash-at', from: number): number => {
    const value = Number(values[name]);
    if (value >= from) return value;
    throw new UsageError(`--${name} must be a number from ${from} on, not '${values[name]}'.`);
  };
  const whole = (name: 'seed' | 'crash-at', from: number): number | undefined =>
    values[name] === undefined ? undefined : Math.trunc(number(name, from));
  return {
    help: values.help,
    long: values.long,
    minutes: values.minutes === undefined ? minutesOf(workload) : number('minutes', 0),
    seed: whole('seed', 0),
    seeds: values.seeds === undefined ? undefined : range(values.seeds),
    duration: number('for', 0.01) * 60_000,
    workload,
    everyCrash: values['every-crash'],
    crashAt: whole('crash-at', 1),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        seed: { type: 'string' },
        minutes: { type: 'string' },
        workload: { type: 'string', default: 'mixed' },
        long: { type: 'boolean', default: false },
        for: { type: 'string', default: '10' },
        seeds: { type: 'string' },
        'every-crash': { type: 'boolean', default: false },
        'crash-at': { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function workloadNamed(name: string): Workload {
  if (Object.hasOwn(workloads, name)) return name as Workload;
  const known = Object.keys(workloads).join(', ');
  throw new UsageError(`--workload must be one of ${known}, not '${name}'.`);
}

function range(text: string): [first: number, last: number] {
  const match = /^(\d+)(?:\.\.(\d+))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? first);
  if (match !== null && first <= last) return [first, last];
  throw new UsageError(`--seeds must be like 1..1000, not '${text}'.`);
}
