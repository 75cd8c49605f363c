/**
 * Fills partitions and asks them in turns, for `flat`. The surprise: what is measured grows, since
 * it is appended to, so the small partitions give way to new ones every few rounds, while the full
 * one stays.
 */
import { closeSync, fsyncSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createTopics } from '../src/protocol/apis/create-topics.ts';
import type { Kedge } from '../src/testing/index.ts';
import { Wire } from '../test/kafka/wire.ts';
import { Random } from '../test/simulation/world/random.ts';
import { progress } from './benchmark.ts';
import { LoadedPartition } from './loaded-partition.ts';
import { median } from './statistics.ts';

const topic = 'flat';
const roundsPerPair = 25;
const day = 86_400_000;

export interface FlatSizes {
  /** Bytes of the full partition. */
  readonly large: number;
  /** Bytes of the small ones. */
  readonly small: number;
  readonly rounds: number;
  readonly restarts: number;
}

interface Question {
  readonly name: string;
  /** The sample of a round is the median of so many. */
  readonly repeat: number;
  ask(partition: LoadedPartition, wire: Wire): Promise<number>;
}

const questions: readonly Question[] = [
  { name: 'append 1 KB', repeat: 5, ask: (partition, wire) => partition.append(wire, 1_000) },
  { name: 'append 100 KB', repeat: 3, ask: (partition, wire) => partition.append(wire, 100_000) },
  { name: 'fetch at the beginning', repeat: 3, ask: (p, wire) => p.fetchBeginning(wire) },
  { name: 'fetch in the middle', repeat: 5, ask: (p, wire) => p.fetchMiddle(wire) },
  { name: 'fetch at the end', repeat: 3, ask: (p, wire) => p.fetchEnd(wire) },
  { name: 'offset of a timestamp', repeat: 5, ask: (p, wire) => p.listOffset(wire) },
];

/** Whom a question was put to, in each round. */
const parts = ['small', 'control', 'large'] as const;
type Part = (typeof parts)[number];

/** What was measured of one question: for each part a time in milliseconds of every round. */
export interface Series extends Readonly<Record<Part, number[]>> {
  readonly name: string;
}

export class FlatMeasurement {
  readonly #kedge: Kedge;
  readonly #sizes: FlatSizes;
  readonly #startedAt = Date.now() - day;
  #created = 0;

  constructor(kedge: Kedge, sizes: FlatSizes) {
    this.#kedge = kedge;
    this.#sizes = sizes;
  }

  async run(): Promise<Series[]> {
    const { large, small, rounds, restarts } = this.#sizes;
    let wire = await Wire.open(this.#kedge);
    await createTopic(wire, 2 + 2 * Math.ceil(rounds / roundsPerPair));
    const full = await this.#fill(wire, large);
    const series = questions.map(({ name }) => seriesOf(name));
    let asked: Readonly<Record<Part, LoadedPartition>> | undefined;
    for (let round = 0; round < rounds; round++) {
      if (asked === undefined || round % roundsPerPair === 0) {
        const [first, second] = [await this.#fill(wire, small), await this.#fill(wire, small)];
        asked = { small: first, control: second, large: full };
        await askAll(wire, asked, round);
      }
      progress(`round ${round + 1} of ${rounds}`);
      const times = await askAll(wire, asked, round);
      for (const [i, time] of times.entries()) add(series[i], time);
    }
    const other = await this.#fill(wire, small);
    wire.close();
    const loads = seriesOf('append after a restart');
    for (let round = 0; round < restarts; round++) {
      progress(`restart ${round + 1} of ${restarts}`);
      await this.#kedge.restart();
      wire = await Wire.open(this.#kedge);
      // What a new process does for the first time is not what loading costs.
      await askAll(wire, { small: other, control: other, large: other }, round);
      add(loads, await inTurns(round, (part) => asked![part].append(wire, 1_000)));
      wire.close();
    }
    return restarts > 0 ? [...series, loads] : series;
  }

  /** A partition that holds so many bytes, all of them on disk. */
  async #fill(wire: Wire, bytes: number): Promise<LoadedPartition> {
    const index = this.#created++;
    const partition = new LoadedPartition(topic, index, this.#startedAt, new Random(index));
    const megabytes = Math.round(bytes / 1_000_000);
    await partition.fill(wire, bytes, (done) => {
      progress(`filling partition ${index}: ${Math.round(done / 1_000_000)} of ${megabytes} MB`);
    });
    syncAll(this.#kedge.dataDir);
    return partition;
  }
}

/** One round: the time of each question, for each part. */
async function askAll(
  wire: Wire,
  asked: Readonly<Record<Part, LoadedPartition>>,
  round: number,
): Promise<Readonly<Record<Part, number>>[]> {
  const times: Readonly<Record<Part, number>>[] = [];
  for (const { repeat, ask } of questions) {
    times.push(
      await inTurns(round, async (part) => {
        const samples: number[] = [];
        for (let n = 0; n < repeat; n++) samples.push(await ask(asked[part], wire));
        return median(samples);
      }),
    );
  }
  return times;
}

/** Nobody is always first. */
async function inTurns(
  round: number,
  ask: (part: Part) => Promise<number>,
): Promise<Readonly<Record<Part, number>>> {
  const times = { small: 0, control: 0, large: 0 };
  for (const i of parts.keys()) {
    const part = parts[(i + round) % parts.length];
    times[part] = await ask(part);
  }
  return times;
}

function seriesOf(name: string): Series {
  return { name, small: [], control: [], large: [] };
}

function add(series: Series, times: Readonly<Record<Part, number>>): void {
  for (const part of parts) series[part].push(times[part]);
}

async function createTopic(wire: Wire, numPartitions: number): Promise<void> {
  const wanted = { name: topic, numPartitions, replicationFactor: 1, assignments: [], configs: [] };
  const question = { topics: [wanted], timeoutMs: 10_000, validateOnly: false };
  const response = await wire.ask(createTopics, 5, question);
  const [{ errorCode }] = response.topics;
  if (errorCode !== 0) throw new Error(`CreateTopics answered error ${errorCode}`);
}

/** The disk is not to be busy with what was filled while something is measured. */
function syncAll(directory: string): void {
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.sqlite')) continue;
    const file = openSync(join(entry.parentPath, entry.name), 'r+');
    fsyncSync(file);
    closeSync(file);
  }
}
