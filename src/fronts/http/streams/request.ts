/**
 * What a request says of a stream in its headers. The surprise: much of it is refused that other
 * servers would read somehow, such as a lifetime with a leading zero, since two servers that read
 * it differently would keep a stream for different times.
 */
import type { Expiry, ProducerClaim } from '../../../core/stream/calls.ts';
import { parseOffsetToken } from '../../../core/stream/offset-token.ts';
import type { HttpContext } from '../routes.ts';
import { invalid } from './stream-errors.ts';

const wholeNumber = /^(0|[1-9]\d*)$/;
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** Undefined: none that could be one. */
export function contentTypeOf(c: HttpContext): string | undefined {
  const type = c.req.header('content-type')?.trim() ?? '';
  return /^[\w.+-]+\/[\w.+-]+/.test(type) ? type : undefined;
}

export function closes(c: HttpContext): boolean {
  return c.req.header('stream-closed') === 'true';
}

export function lifetimeOf(c: HttpContext): { ttlSeconds?: number; expiresAt?: Expiry } {
  const ttl = c.req.header('stream-ttl');
  const text = c.req.header('stream-expires-at');
  if (ttl !== undefined && text !== undefined) {
    throw invalid('A stream has a Stream-TTL or a Stream-Expires-At, not both.');
  }
  if (ttl !== undefined) {
    const ttlSeconds = wholeNumber.test(ttl) ? Number(ttl) : Number.NaN;
    if (!Number.isSafeInteger(ttlSeconds * 1_000)) {
      throw invalid('Stream-TTL is not a whole number of seconds.');
    }
    return { ttlSeconds };
  }
  if (text === undefined) return {};
  const at = rfc3339.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw invalid('Stream-Expires-At is not a time of RFC 3339.');
  return { expiresAt: { text, at } };
}

/** Undefined: it says nothing of a producer. */
export function producerOf(c: HttpContext): ProducerClaim | undefined {
  const producerId = c.req.header('producer-id');
  const epoch = c.req.header('producer-epoch');
  const seq = c.req.header('producer-seq');
  if (producerId === undefined && epoch === undefined && seq === undefined) return undefined;
  if (producerId === undefined || epoch === undefined || seq === undefined) {
    throw invalid('Producer-Id, Producer-Epoch and Producer-Seq come together or not at all.');
  }
  if (producerId === '') throw invalid('Producer-Id is empty.');
  return {
    producerId,
    epoch: producerNumber('Producer-Epoch', epoch),
    seq: producerNumber('Producer-Seq', seq),
  };
}

function producerNumber(name: string, text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw invalid(`${name} is not a whole number.`);
  return number;
}

export interface AskedFork {
  /** As it was given: the path of the source. */
  readonly source: string;
  /** Undefined: the source's end. */
  readonly offset: number | undefined;
  readonly subOffset: number;
}

/** Undefined: it is to be no fork. */
export function forkOf(c: HttpContext): AskedFork | undefined {
  const source = c.req.header('stream-forked-from');
  const offsetText = c.req.header('stream-fork-offset');
  const subText = c.req.header('stream-fork-sub-offset');
  if (source === undefined || source === '') {
    if (subText === undefined) return undefined;
    throw invalid('Stream-Fork-Sub-Offset comes with Stream-Forked-From only.');
  }
  const offset = offsetText === undefined ? undefined : parseOffsetToken(offsetText);
  if (offsetText !== undefined && offset === undefined) {
    throw invalid('Stream-Fork-Offset is not an offset.');
  }
  const subOffset = subText === undefined ? 0 : wholeNumber.test(subText) ? Number(subText) : -1;
  if (!Number.isSafeInteger(subOffset) || subOffset < 0) {
    throw invalid('Stream-Fork-Sub-Offset is not a whole number.');
  }
  return { source, offset, subOffset };
}

export type Live = 'long-poll' | 'sse';

export interface AskedRead {
  readonly from: number | 'start' | 'now';
  readonly live: Live | undefined;
  readonly cursor: string | undefined;
}

export function readOf(c: HttpContext): AskedRead {
  const offsets = c.req.queries('offset') ?? [];
  const mode = c.req.query('live');
  const live = mode === 'long-poll' || mode === 'sse' ? mode : undefined;
  if (offsets.length > 1) throw invalid('There is more than one offset.');
  if (offsets.length === 0 && live !== undefined) throw invalid(`live=${live} needs an offset.`);
  const cursor = c.req.query('cursor');
  return { from: offsets.length === 0 ? 'start' : pointOf(offsets[0]), live, cursor };
}

function pointOf(text: string): number | 'start' | 'now' {
  if (text === '-1') return 'start';
  if (text === 'now') return 'now';
  const offset = parseOffsetToken(text);
  if (offset === undefined) throw invalid('The offset is not one of this server.');
  return offset;
}
