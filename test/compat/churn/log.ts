/**
 * What a member has said, as data. Times are microseconds of the one clock that all processes of
 * this machine share, so that what one member said can be told to be before what another did.
 */

/** A record of a share group, the so-many-th time that it was handed out. */
export interface Handout {
  readonly partition: number;
  readonly offset: number;
  readonly count: number;
}

export type Event = { readonly time: number } & (
  | { readonly what: 'assigned' | 'revoked' | 'lost'; readonly partitions: readonly number[] }
  | {
      readonly what: 'read';
      readonly partition: number;
      readonly first: number;
      readonly last: number;
    }
  | { readonly what: 'odd'; readonly text: string }
  | {
      readonly what: 'committing';
      readonly number: number;
      readonly offsets: ReadonlyMap<number, number>;
    }
  | { readonly what: 'acquired'; readonly records: readonly Handout[] }
  | { readonly what: 'accepting'; readonly number: number; readonly records: readonly Handout[] }
  | { readonly what: 'accepted'; readonly number: number; readonly partitions: readonly number[] }
  | { readonly what: 'committed'; readonly number: number }
  | { readonly what: 'refused'; readonly number: number; readonly why: string }
);

/** One life of one member, from start to leave or kill. */
export interface Life {
  readonly name: string;
  readonly events: readonly Event[];
  /** When it was stopped and continued; the last one may not have been. */
  readonly stalls: readonly { readonly from: number; readonly to: number }[];
}

/** Now, on the clock of the members. */
export function microseconds(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** Null: not a line of ours. */
export function parseLine(line: string): Event | null {
  const [stamp, what, ...words] = line.split(' ');
  if (!/^\d+$/.test(stamp!)) return null;
  const time = Number(stamp);
  const numbers = words.map(Number);
  switch (what) {
    case 'assigned':
    case 'revoked':
    case 'lost':
      return { time, what, partitions: numbers };
    case 'read':
      return { time, what, partition: numbers[0]!, first: numbers[1]!, last: numbers[2]! };
    case 'odd':
      return { time, what, text: words.join(' ') };
    case 'committing': {
      const pairs = words.slice(1).map((pair) => pair.split(':').map(Number) as [number, number]);
      return { time, what, number: numbers[0]!, offsets: new Map(pairs) };
    }
    case 'acquired':
      return { time, what, records: words.map(handout) };
    case 'accepting':
      return { time, what, number: numbers[0]!, records: words.slice(1).map(handout) };
    case 'accepted':
      return { time, what, number: numbers[0]!, partitions: numbers.slice(1) };
    case 'committed':
      return { time, what, number: numbers[0]! };
    case 'refused':
      return { time, what, number: numbers[0]!, why: words.slice(1).join(' ') };
    default:
      return null;
  }
}

function handout(word: string): Handout {
  const [partition, offset, count] = word.split(':').map(Number) as [number, number, number];
  return { partition, offset, count };
}

/** The partitions a member holds after these events. */
export function heldAfter(events: readonly Event[]): Set<number> {
  const held = new Set<number>();
  for (const event of events) {
    if (event.what === 'assigned') for (const one of event.partitions) held.add(one);
    if (event.what === 'revoked' || event.what === 'lost') {
      for (const one of event.partitions) held.delete(one);
    }
  }
  return held;
}
