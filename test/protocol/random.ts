/**
 * Random but repeatable: a generator of numbers from a seed, and of values that a description
 * allows in one version, with a liking for the edges of each type.
 */
import { INT64_MAX, INT64_MIN } from '../../src/bytes/reader.ts';
import { uuidFromBytes } from '../../src/bytes/uuid.ts';
import {
  defaultOf,
  type FieldSpec,
  type Fields,
  type Infer,
  type Message,
} from '../../src/protocol/schema.ts';

export interface Random {
  /** From 0 up to, not including, `limit`. */
  below(limit: number): number;
  chance(share: number): boolean;
  pick<T>(from: readonly T[]): T;
  bytes(length: number): Uint8Array;
}

/** The same seed gives the same numbers (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    chance: (share) => next() < share,
    pick: (from) => from[below(from.length)],
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  };
}

const texts = [
  '',
  'a',
  'orders',
  'käse',
  '日本語',
  '💧 wet',
  '\ufeffbom',
  'x'.repeat(64),
  'y'.repeat(300),
];
const longs = [0, 1, -1, 127, 128, -129, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, Number.MAX_SAFE_INTEGER];
const moreLongs = [Number.MIN_SAFE_INTEGER, INT64_MAX, INT64_MIN, 1_700_000_000_000];

/** A value this version can carry; fields it does not have are at their defaults. */
export function randomMessage<F extends Fields>(
  message: Message<F>,
  version: number,
  random: Random,
): Infer<F> {
  return randomStruct(message.fields, version, random) as Infer<F>;
}

function randomStruct(fields: Fields, version: number, random: Random): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [name, { spec }] of Object.entries(fields)) {
    const present = version >= spec.since && version <= spec.until;
    const isDefault = !present || (spec.tag !== undefined && random.chance(0.5));
    value[name] = isDefault ? defaultOf(spec) : randomField(spec, version, random);
  }
  return value;
}

function randomField(spec: FieldSpec, version: number, random: Random): unknown {
  const { nullable } = spec;
  const mayBeNull = nullable && version >= nullable.since && version <= nullable.until;
  if (mayBeNull && random.chance(0.3)) return null;
  switch (spec.kind) {
    case 'boolean':
      return random.chance(0.5);
    case 'int8':
      return random.pick([0, 1, -1, 127, -128]);
    case 'int16':
      return random.pick([0, 1, -1, 255, 256, 32_767, -32_768]);
    case 'uint16':
      return random.pick([0, 1, 9092, 32_768, 65_535]);
    case 'int32':
      return random.pick([0, 1, -1, 127, 128, 65_536, 0x7fff_ffff, -0x8000_0000]);
    case 'int64':
      return random.pick([...longs, ...moreLongs]);
    case 'float64':
      return random.pick([0, -1.5, Number.MAX_VALUE, Number.POSITIVE_INFINITY]);
    case 'string':
      return random.pick(texts);
    case 'uuid':
      return uuidFromBytes(random.bytes(16));
    case 'bytes':
    case 'records':
      return random.bytes(random.pick([0, 1, 61, 127, 128, 1500]));
    case 'recordPieces':
      return [random.bytes(random.pick([0, 1, 61, 127, 128, 1500]))];
    case 'array':
      return Array.from({ length: random.pick([0, 1, 2, 3]) }, () =>
        randomField(spec.element!.spec, version, random),
      );
    case 'struct':
      return randomStruct(spec.fields!, version, random);
  }
}
