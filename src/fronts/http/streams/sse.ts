/**
 * A stream as server-sent events: what there is, then what comes. The surprise: the connection is
 * ended after a minute, as the dialect asks, so that caches can let many readers share one, or when
 * it has made as many calls as it may; the reader comes back with the offset it was told last.
 */
import { toBase64 } from '../../../bytes/base64.ts';
import { offsetToken } from '../../../core/stream/offset-token.ts';
import type { HttpContext } from '../routes.ts';
import { finishLater } from '../routes.ts';
import { cursorAfter } from './cursor.ts';
import { moreThan } from './long-poll.ts';
import { bodyOf, isText } from './messages.ts';
import type { OpenStream } from './open-stream.ts';
import { type Page, readPage } from './page.ts';
import type { AskedRead } from './request.ts';
import { commonHeaders } from './stream-errors.ts';

const connectionMs = 60_000;
/** A reader that is up to date hears from us so often. */
const signOfLifeMs = 15_000;

export function streamEvents(
  c: HttpContext,
  stream: OpenStream,
  first: Page,
  asked: AskedRead,
): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  stream.kafka.waits = true;
  const mayGoOn = () => stream.kafka.calls < c.env.maxCalls;
  finishLater(c, sendEvents(writable, stream, first, { ...asked, mayGoOn }));
  const headers = new Headers(commonHeaders);
  headers.set('content-type', 'text/event-stream');
  headers.set('cache-control', 'no-cache');
  if (!isText(first.stream.contentType)) headers.set('stream-sse-data-encoding', 'base64');
  return new Response(readable, { headers });
}

async function sendEvents(
  writable: WritableStream<Uint8Array>,
  stream: OpenStream,
  first: Page,
  { cursor, mayGoOn }: AskedRead & { mayGoOn(): boolean },
): Promise<void> {
  const writer = writable.getWriter();
  const utf8 = new TextEncoder();
  const { now } = stream.kafka.context;
  const end = now() + connectionMs;
  try {
    for (let page = first; ; ) {
      const known = cursorAfter(cursor, now(), Math.random());
      await writer.write(utf8.encode(eventsOf(page, known)));
      const isLeft = now() >= end || stream.kafka.context.signal.aborted;
      if (page.isOver || isLeft || !mayGoOn()) break;
      page = page.isUpToDate
        ? await moreThan(stream, { ...page, records: [] }, Math.min(end, now() + signOfLifeMs))
        : await readPage(stream, page.nextOffset);
    }
  } catch {
    // The reader has gone, or the stream: who comes again is told.
  }
  await writer.close().catch(() => {});
}

/** The data, if there is any, and always behind it where to go on. */
function eventsOf(page: Page, streamCursor: string): string {
  const { records, nextOffset, isUpToDate, isOver } = page;
  const streamNextOffset = offsetToken(nextOffset);
  const control = isOver
    ? { streamNextOffset, streamClosed: true }
    : { streamNextOffset, streamCursor, ...(isUpToDate && { upToDate: true }) };
  const data = records.length === 0 ? '' : event('data', dataOf(page));
  return data + event('control', JSON.stringify(control));
}

function dataOf({ records, stream: { contentType } }: Page): string {
  const body = bodyOf(records, contentType);
  return isText(contentType) ? new TextDecoder().decode(body) : toBase64(body);
}

/** Every kind of line end in the text begins a line of data, so none can begin an event. */
function event(type: string, text: string): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => `data:${line}`);
  return `event: ${type}\n${lines.join('\n')}\n\n`;
}
