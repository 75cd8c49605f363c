/**
 * GET and HEAD of a stream. The surprise: an answer that does not reach the end can never change,
 * so caches may keep it; one that does is asked for again, by its tag.
 *
 * Behaviour
 * - At most a mebibyte a time, but one message is always whole.
 * - An offset below what is still kept: 410. One beyond the end: 400.
 */
import { offsetToken } from '../../../core/stream/offset-token.ts';
import { timeNow } from '../../../runtime/clock.ts';
import type { HttpContext } from '../routes.ts';
import { cursorAfter } from './cursor.ts';
import { buriedIfForkless } from './forks.ts';
import { longPoll } from './long-poll.ts';
import { bodyOf } from './messages.ts';
import { OpenStream, unfinished } from './open-stream.ts';
import { type Page, readPage } from './page.ts';
import { type AskedRead, readOf } from './request.ts';
import { streamEvents } from './sse.ts';
import { commonHeaders, gone, notFound, refused } from './stream-errors.ts';

export async function readStream(c: HttpContext): Promise<Response> {
  const stream = OpenStream.of(c);
  if (c.req.method === 'HEAD') return describeStream(stream);
  const asked = readOf(c);
  await stream.mustAllow('READ');
  const page = await readPage(stream, asked.from);
  if (asked.live === 'sse') return streamEvents(c, stream, page, asked);
  if (asked.live === 'long-poll') return pageAnswer(c, await longPoll(c, stream, page), asked);
  return pageAnswer(c, page, asked);
}

function pageAnswer(c: HttpContext, page: Page, { from, live, cursor }: AskedRead): Response {
  const { stream, records, nextOffset, isUpToDate, isOver } = page;
  const headers = new Headers(commonHeaders);
  headers.set('stream-next-offset', offsetToken(nextOffset));
  if (isUpToDate) headers.set('stream-up-to-date', 'true');
  if (isOver) headers.set('stream-closed', 'true');
  if (live !== undefined) {
    headers.set('stream-cursor', cursorAfter(cursor, timeNow(), Math.random()));
  }
  if (live !== undefined && records.length === 0 && isUpToDate) {
    headers.set('cache-control', 'no-store');
    return new Response(null, { status: 204, headers });
  }
  headers.set('content-type', stream.contentType);
  headers.set('cache-control', cachingOf(c, page, from));
  if (from !== 'now') {
    const etag = etagOf(page);
    headers.set('etag', etag);
    if (isKnown(c, etag)) return new Response(null, { status: 304, headers });
  }
  return new Response(bodyOf(records, stream.contentType) as BodyInit, { headers });
}

function etagOf({ topicId, offset, nextOffset, isOver }: Page): string {
  return `"${topicId}:${offset}:${nextOffset}${isOver ? ':c' : ''}"`;
}

function isKnown(c: HttpContext, etag: string): boolean {
  const known = c.req.header('if-none-match') ?? '';
  return known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** Where the end may move, or the stream ends one day, caches have to ask. */
function cachingOf(c: HttpContext, page: Page, from: AskedRead['from']): string {
  if (from === 'now') return 'no-store';
  const { ttlSeconds, expiresAt } = page.stream;
  const mayEnd = ttlSeconds !== undefined || expiresAt !== undefined;
  const whose = c.env.access.open ? 'public' : 'private';
  if (mayEnd || page.isUpToDate) return `${whose}, no-cache`;
  return `${whose}, max-age=60, stale-while-revalidate=300`;
}

async function describeStream(stream: OpenStream): Promise<Response> {
  await stream.mustAllow('DESCRIBE');
  const found = await stream.call('streamDescribe', {});
  if (found.outcome === 'gone') throw (await buriedIfForkless(stream)) ? notFound() : gone();
  if (found.outcome === 'unknown') throw notFound();
  if (found.outcome === 'unfinished') throw unfinished();
  if (found.outcome === 'refused') throw refused(found.errorCode);
  const { contentType, ttlSeconds, expiresAt, closed, nextOffset } = found.stream!;
  const headers = new Headers({ ...commonHeaders, 'cache-control': 'no-store' });
  headers.set('content-type', contentType);
  headers.set('stream-next-offset', offsetToken(nextOffset));
  if (ttlSeconds !== undefined) headers.set('stream-ttl', String(ttlSeconds));
  if (expiresAt !== undefined) headers.set('stream-expires-at', expiresAt.text);
  if (closed) headers.set('stream-closed', 'true');
  headers.set('etag', `"${found.topicId}:-1:${nextOffset}${closed ? ':c' : ''}"`);
  return new Response(null, { headers });
}
