/**
 * Fills partitions and asks them in turns, for `flat`. The surprise: there are 40 small partitions,
 * another for each round. One alone would grow, and fit the processor's cache, which makes reading
 * it quicker than reading 2 GB whatever Kedge does.
 */
import { closeSync, fsyncSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { createTopics } from '../src/protocol/apis/create-topics.ts';
import { Wire } from '../test/kafka/wire.ts';
import type { Kedge } from '../test/kedge-process.ts';
import { Random } from '../test/simulation/world/random.ts';
import { progress } from './benchmark.ts';
import { LoadedPartition } from './loaded-partition.ts';
import { compare, isKnown, median } from './statistics.ts';

const topic = 'flat';
export const smallOnes = 40;
/** So often it is asked whether enough was measured. */
const roundsAtOnce = 50;
const restartsAtOnce = 20;
/** Enough was measured when ratios are known this well; what they are has no say in it. */
const wanted = { ofAnswers: 0.03, ofLoads: 0.06 };
/** Partitions that are loaded before any that is measured, so that the code for it is warm. */
const warmUps = 6;
/** The files are read as a whole once in so many rounds. */
const roundsPerReading = 10;
const day = 86_400_000;

export interface FlatSizes {
  /** Bytes of the full partition. */
  readonly large: number;
  /** Bytes of the small ones. */
  readonly small: number;
  /** How often everything is asked at most. */
  readonly rounds: number;
  /** How often Kedge is restarted at most. */
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
  { name: 'fetch in the middle', repeat: 3, ask: (p, wire) => p.fetchMiddle(wire) },
  { name: 'fetch at the end', repeat: 3, ask: (p, wire) => p.fetchEnd(wire) },
  { name: 'offset of a timestamp', repeat: 3, ask: (p, wire) => p.listOffset(wire) },
];

/** Whom a question was put to, in each round. */
const parts = ['small', 'control', 'large'] as const;
type Part = (typeof parts)[number];
type Asked = Readonly<Record<Part, LoadedPartition>>;

/** What was measured of one question: for each part a time in milliseconds of every round. */
export interface Series extends Readonly<Record<Part, number[]>> {
  readonly name: string;
}

export class FlatMeasurement {
  readonly #kedge: Kedge;
  readonly #sizes: FlatSizes;
  readonly #startedAt = Date.now() - day;
  readonly #random = new Random(1);
  readonly #small: LoadedPartition[] = [];
  #created = 0;

  constructor(kedge: Kedge, sizes: FlatSizes) {
    this.#kedge = kedge;
    this.#sizes = sizes;
  }

  async run(): Promise<Series[]> {
    const { large, small, restarts } = this.#sizes;
    const wire = await Wire.open(this.#kedge);
    await createTopic(wire, 1 + smallOnes);
    const full = await this.#fill(wire, large);
    for (let n = 0; n < smallOnes; n++) this.#small.push(await this.#fill(wire, small));
    const series = await this.#rounds(wire, full);
    wire.close();
    return restarts > 0 ? [...series, await this.#loads(full)] : series;
  }

  async #rounds(wire: Wire, large: LoadedPartition): Promise<Series[]> {
    const series = questions.map(({ name }) => seriesOf(name));
    const { rounds } = this.#sizes;
    for (let round = 0; round < rounds; round++) {
      const isTime = round > 0 && round % roundsAtOnce === 0;
      if (isTime && series.every((each) => isEnough(each, wanted.ofAnswers))) break;
      progress(`round ${round + 1} of at most ${rounds}`);
      if (round % roundsPerReading === 0) readAll(this.#kedge.dataDir);
      const asked = this.#asked(round, large);
      // One that was left alone for a while is unloaded.
      for (const part of parts) await asked[part].append(wire, 1_000);
      const times = await askAll(wire, asked, round);
      for (const [i, time] of times.entries()) add(series[i], time);
    }
    return series;
  }

  /** The first append after the object was loaded: one for each start of Kedge. */
  async #loads(large: LoadedPartition): Promise<Series> {
    const series = seriesOf('append after a restart');
    const { restarts } = this.#sizes;
    for (let round = 0; round < restarts; round++) {
      if (round > 0 && round % restartsAtOnce === 0 && isEnough(series, wanted.ofLoads)) break;
      progress(`restart ${round + 1} of at most ${restarts}`);
      readAll(this.#kedge.dataDir);
      await this.#kedge.restart();
      const wire = await Wire.open(this.#kedge);
      const asked = this.#asked(round, large);
      for (let n = 1; n <= warmUps; n++) {
        const other = this.#asked(round + n, large).small;
        for (let m = 0; m < 5; m++) await other.append(wire, 1_000);
      }
      add(series, await inTurns(round, (part) => asked[part].append(wire, 1_000)));
      for (const part of parts) await this.#appendSome(wire, asked[part]);
      wire.close();
    }
    return series;
  }

  #asked(round: number, large: LoadedPartition): Asked {
    const [small, control] = [round, round + smallOnes / 2].map(
      (index) => this.#small[index % smallOnes],
    );
    return { small, control, large };
  }

  /**
   * Loading also reads what SQLite has in its journal and the log since its last snapshot, which
   * depends on when the process ended: that is left to chance.
   */
  async #appendSome(wire: Wire, partition: LoadedPartition): Promise<void> {
    const count = this.#random.between(0, 60);
    for (let n = 0; n < count; n++) await partition.append(wire, 1_000);
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
  asked: Asked,
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

function isEnough({ small, large }: Series, within: number): boolean {
  return isKnown(compare(small, large, new Random(1)), within);
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
  for (const path of databases(directory)) {
    const file = openSync(path, 'r+');
    fsyncSync(file);
    closeSync(file);
  }
}

/**
 * Reads all files, so that the system has them in memory: it drops what nobody has asked for in
 * minutes, of 2 GB more than of 10 MB, and then it is the disk that is measured.
 */
function readAll(directory: string): void {
  const chunk = Buffer.alloc(1 << 20);
  for (const path of databases(directory)) {
    const file = openSync(path, 'r');
    while (readSync(file, chunk) > 0);
    closeSync(file);
  }
}

function databases(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(({ name }) => name.endsWith('.sqlite'))
    .map(({ parentPath, name }) => join(parentPath, name));
}
