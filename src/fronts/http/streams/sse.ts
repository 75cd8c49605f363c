/**
 * A stream as server-sent events: what there is, then what comes. The surprise: the connection is
 * ended after a minute, as the dialect asks, so that caches can let many readers share one, or when
 * it has cost as much as it may; the reader comes back with the offset it was told last.
 */
import { untilTaken } from '../../../broker/until-taken.ts';
import { toBase64 } from '../../../bytes/base64.ts';
import { offsetToken } from '../../../core/stream/offset-token.ts';
import { type Effort, effortOf } from '../live/effort.ts';
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
/** For how long after its time a connection waits for a reader that takes nothing. */
const graceMs = 5_000;

export function streamEvents(
  c: HttpContext,
  stream: OpenStream,
  first: Page,
  asked: AskedRead,
): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  stream.kafka.waits = true;
  finishLater(c, sendEvents(writable, stream, first, { ...asked, effort: effortOf(c) }));
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
  { cursor, effort }: AskedRead & { readonly effort: Effort },
): Promise<void> {
  const writer = writable.getWriter();
  const utf8 = new TextEncoder();
  const { kafka } = stream;
  const { now, signal, answers } = kafka.context;
  const lastsMs = kafka.whileKnown(connectionMs);
  const end = now() + lastsMs;
  const hangUp = () => {
    kafka.clientIsGone();
    writer.abort().catch(() => {});
  };
  const timer = setTimeout(hangUp, lastsMs + graceMs);
  writer.closed.catch(hangUp);
  try {
    for (let page = first; ; ) {
      const known = cursorAfter(cursor, now(), Math.random());
      const bytes = utf8.encode(eventsOf(page, known));
      effort.add(bytes.byteLength);
      await untilTaken(answers.sending(bytes.byteLength), writer.write(bytes), hangUp);
      if (page.isOver || now() >= end || signal.aborted || effort.isSpent) break;
      page = page.isUpToDate
        ? await moreThan(stream, { ...page, records: [] }, Math.min(end, now() + signOfLifeMs))
        : await readPage(stream, page.nextOffset);
    }
  } catch {
    // The reader has gone, or the stream: who comes again is told.
  } finally {
    clearTimeout(timer);
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

/**
 * Every kind of line end in the text begins a line of data, so none can begin an event. There is no
 * space before the data, as the dialect writes it, unless the reader would take one away.
 */
function event(type: string, text: string): string {
  const lines = text.split(/\r\n|\r|\n/);
  const data = lines.map((line) => (line.startsWith(' ') ? `data: ${line}` : `data:${line}`));
  return `event: ${type}\n${data.join('\n')}\n\n`;
}
