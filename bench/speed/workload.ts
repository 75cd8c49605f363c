/**
 * What a system is put to, and what is taken down of it. The surprise: one sample of a workload is
 * one look in one round; how many there are, in which order, and what they say together is not for
 * the workload to know.
 */
import type { Running } from './system.ts';

export interface Figure {
  /** A word or two; unique in its workload. */
  readonly name: string;
  /** For example MB/s, records/s, ms, CPU s/GB, KB. */
  readonly unit: string;
  readonly better: 'higher' | 'lower';
}

/** By the names of the figures. */
export type Sample = Readonly<Record<string, number>>;

export interface Workload {
  /** A word, as in `--only <name>` and in JSON. */
  readonly name: string;
  /** One line, for people. */
  readonly title: string;
  readonly figures: readonly Figure[];
  /** How long one look may take, unless somebody says otherwise. */
  readonly seconds?: number;
  /** More looks than these are not taken: each takes long, or is like the others. */
  readonly rounds?: number;
  /** It is started anew for every look, which is at its start and at what it takes when idle. */
  readonly fresh?: boolean;
  /** Each system is as people have it who have installed it. */
  readonly installed?: boolean;
  /**
   * Puts the system to it once, with topics (or the like) of this round alone. Undefined
   * when the system has no such thing, or shall not be measured in this. Throws when it failed.
   */
  sample(running: Running, round: Round): Promise<Sample | undefined>;
}

/** Which look it is. */
export interface Round {
  /** 0 is the warm-up, whose sample is dropped; then 1, 2, … */
  readonly number: number;
  /** For how long the load lasts. */
  readonly seconds: number;
  /** Where this is set, the load ends after so many records instead: for tests. */
  readonly records?: number;
}
