/**
 * How far an import has come, in a file beside what is imported. The surprise: it may be older than
 * what is stored by any amount; it only has to be there before the first record is sent, and what
 * was stored since is found in the target itself.
 */
import { replaceFile, textOf } from './export-folder.ts';

export interface Lane {
  /** How many records of the source, for this partition, are stored. */
  done: number;
  /** The sequence number of the next one. */
  sequence: number;
  /** Where the next one will be, at the earliest. */
  nextOffset: number;
  /** From which offset of the source on offsets differ by how much: `[offset, difference]`. */
  shifts: [number, number][];
}

export interface Progress {
  producerId: number;
  producerEpoch: number;
  savedAt: number;
  /** Topics by their new names: their ids, and whether the import has made them. */
  topics: Record<string, { topicId: string; isMade: boolean }>;
  /** By topic and partition. */
  lanes: Record<string, Lane>;
}

const saveEveryMs = 500;
/** A request of an earlier run is gone by then, and a broker may forget who sent it. */
const sameProducerMs = 3_600_000;

export class ProgressFile {
  readonly progress: Progress;
  /** Undefined: nothing is kept. */
  readonly #path: string | undefined;
  #saving: Promise<void> | undefined;
  #savedAt = 0;

  private constructor(path: string | undefined, progress: Progress) {
    this.#path = path;
    this.progress = progress;
  }

  static async open(
    path: string | undefined,
    newProducer: () => Promise<{ producerId: number; producerEpoch: number }>,
    /** What is known is forgotten. */
    beginsAnew = false,
  ): Promise<ProgressFile> {
    const known = path === undefined || beginsAnew ? undefined : await read(path);
    const isRecent = known !== undefined && Date.now() - known.savedAt < sameProducerMs;
    if (isRecent) return new ProgressFile(path, known);
    const { topics = {}, lanes = {} } = known ?? {};
    for (const lane of Object.values(lanes)) lane.sequence = 0;
    const producer = await newProducer();
    return new ProgressFile(path, { ...producer, savedAt: 0, topics, lanes });
  }

  /** What was done is on the disk. */
  async save(): Promise<void> {
    // What is being written may be older.
    await this.#saving;
    this.#saving ??= this.#write().finally(() => {
      this.#saving = undefined;
    });
    await this.#saving;
  }

  /** The same, now and then. */
  async saveIfDue(): Promise<void> {
    if (Date.now() - this.#savedAt >= saveEveryMs) await this.save();
  }

  async #write(): Promise<void> {
    if (this.#path === undefined) return;
    this.#savedAt = this.progress.savedAt = Date.now();
    await replaceFile(this.#path, JSON.stringify(this.progress));
  }
}

async function read(path: string): Promise<Progress | undefined> {
  const text = await textOf(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Progress;
  } catch {
    throw new Error(`${path} is not what an import has written; remove it to begin anew.`);
  }
}

/** Where an offset of the source is in the target; undefined: nothing was imported. */
export function translated(offset: number, { shifts, nextOffset }: Lane): number | undefined {
  if (shifts.length === 0) return undefined;
  let index = shifts.findLastIndex(([from]) => from <= offset);
  if (index < 0) index = 0;
  const [from, difference] = shifts[index];
  const next = shifts[index + 1];
  const end = next === undefined ? nextOffset : next[0] + next[1];
  return Math.min(Math.max(offset, from) + difference, end);
}
