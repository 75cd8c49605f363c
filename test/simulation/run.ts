/**
 * `npm run sim` plays one seed and `npm run sim:long` many; see `options.ts`. The surprise: minutes
 * of a seed are simulated ones, minutes of `--for` are real.
 */
import { help, type Options, parseOptions, UsageError } from './options.ts';
import { type SimulationResult, simulate } from './simulate.ts';
import { calm, type Trouble } from './world/world.ts';

function describe(result: SimulationResult): string {
  const { seed, history, events, hash, worstRealtimeLagMs, anomalies, bugs } = result;
  const lag = `lag ${Math.round(worstRealtimeLagMs)} ms`;
  const counts = `${history.length} operations, ${events} events, ${lag}`;
  const verdict = anomalies.length + bugs.length === 0 ? 'ok' : 'FAILED';
  return `seed ${seed}: ${verdict}, ${counts}, history ${hash}`;
}

/** Nothing goes wrong but one crash. */
function oneCrash(crashAt: number): Trouble {
  return { ...calm, stale: crashAt % 3 === 0 ? 1 : 0, crashAt };
}

class Runner {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Whether nothing was found. */
  async run(): Promise<boolean> {
    const { everyCrash, long, seed = 1, crashAt } = this.#options;
    if (everyCrash) return this.#runEveryCrash(seed);
    return long ? this.#runMany() : this.#runOne(seed, true, crashAt);
  }

  async #runOne(seed: number, talkative: boolean, crashAt?: number): Promise<boolean> {
    const { minutes, workload } = this.#options;
    const trouble = crashAt === undefined ? {} : { trouble: oneCrash(crashAt) };
    const result = await simulate({ seed, minutes, workload, ...trouble });
    const words = this.#complaints(result, crashAt);
    if (talkative || words.length > 0) console.log([describe(result), ...words].join('\n'));
    if (talkative) {
      for (const [kind, count] of [...result.faults].sort()) console.log(`  ${count} × ${kind}`);
    }
    return words.length === 0;
  }

  #complaints({ seed, anomalies, bugs }: SimulationResult, crashAt: number | undefined): string[] {
    if (anomalies.length + bugs.length === 0) return [];
    const { minutes, workload } = this.#options;
    const more = [
      ...(crashAt === undefined ? [] : [`--crash-at ${crashAt}`]),
      ...(workload === 'mixed' ? [] : [`--workload ${workload}`]),
    ];
    const again = [`npm run sim -- --seed ${seed} --minutes ${minutes}`, ...more].join(' ');
    return [
      ...anomalies.slice(0, 20).map(({ key, detail }) => `  ${key}: ${detail}`),
      ...bugs.slice(0, 5).map((bug) => `  bug: ${bug}`),
      `  again: ${again}`,
    ];
  }

  async #runMany(): Promise<boolean> {
    const { seeds, seed: begin = Date.now() % 1_000_000_000, duration } = this.#options;
    const [first, last] = seeds ?? [begin, Number.POSITIVE_INFINITY];
    const began = Date.now();
    const end = seeds === undefined ? began + duration : Number.POSITIVE_INFINITY;
    const failed: number[] = [];
    let seed = first;
    for (; seed <= last && Date.now() < end; seed++) {
      if (!(await this.#runOne(seed, false))) failed.push(seed);
      const count = seed - first + 1;
      if (count % 100 === 0) console.log(`${count} seeds, ${failed.length} of them failed`);
    }
    const took = Math.round((Date.now() - began) / 1_000);
    console.log(
      `${seed - first} seeds, ${first} to ${seed - 1}, in ${took} s: ${verdictOn(failed)}`,
    );
    return failed.length === 0;
  }

  /** The same seed once for each point at which some object could crash. */
  async #runEveryCrash(seed: number): Promise<boolean> {
    const { minutes, workload } = this.#options;
    const trouble = oneCrash(0);
    const { crashPoints } = await simulate({ seed, minutes, workload, trouble });
    const failed: number[] = [];
    for (let crashAt = 1; crashAt <= crashPoints; crashAt++) {
      if (!(await this.#runOne(seed, false, crashAt))) failed.push(crashAt);
    }
    console.log(`seed ${seed} with a crash at each of ${crashPoints} points: ${verdictOn(failed)}`);
    return failed.length === 0;
  }
}

function verdictOn(failed: readonly number[]): string {
  return failed.length === 0 ? 'all ok' : `${failed.length} failed: ${failed.join(' ')}`;
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) console.log(help);
  else if (!(await new Runner(options).run())) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  const message = error.message.replace(/\.?$/, '.');
  console.error(`sim: ${message} See npm run sim -- --help.`);
  process.exitCode = 2;
}
