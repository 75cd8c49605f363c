/**
 * Waits for more of a stream. The surprise: waiting makes no call to the partition: its watch tells
 * where it ends, and whether for good, so it is read again only when there is something to read, or
 * to keep a stream with a lifetime alive.
 */
import { Bell } from '../../../broker/bell.ts';
import type { HttpContext } from '../routes.ts';
import type { OpenStream } from './open-stream.ts';
import { type Page, readPage } from './page.ts';

/** How long a request waits, unless it says for how many seconds. */
const waitMs = 20_000;
const longestWaitMs = 60_000;
const againMs = 500;
const leastRenewalMs = 500;

/** What there is beyond the page, or the page itself when time is up. */
export async function longPoll(c: HttpContext, stream: OpenStream, page: Page): Promise<Page> {
  const seconds = Number(c.req.query('timeout') ?? Number.NaN);
  const asked = seconds >= 0 ? Math.min(seconds * 1_000, longestWaitMs) : waitMs;
  const deadline = stream.kafka.context.now() + asked;
  return moreThan(stream, page, deadline);
}

/** A page with something in it, or that is the last; an empty one when the time comes. */
export async function moreThan(stream: OpenStream, page: Page, deadline: number): Promise<Page> {
  const { now, signal } = stream.kafka.context;
  let latest = page;
  while (latest.records.length === 0 && latest.isUpToDate && !latest.isOver) {
    const renewal = renewalOf(latest, now());
    const isGrown = await hasMore(stream, latest, Math.min(deadline, renewal ?? deadline));
    const isEnd = !isGrown && (now() >= deadline || signal.aborted);
    if (isEnd && (renewal === undefined || signal.aborted)) return latest;
    latest = await readPage(stream, latest.nextOffset);
    if (isEnd) return latest;
  }
  return latest;
}

/** Who waits for a stream with a lifetime uses it: when that has to be said again. */
function renewalOf({ stream: { ttlSeconds } }: Page, now: number): number | undefined {
  return ttlSeconds === undefined ? undefined : now + Math.max(ttlSeconds * 500, leastRenewalMs);
}

/** Resolves when the stream may have grown, been closed or gone; false: time is up. */
async function hasMore(
  { kafka, partition }: OpenStream,
  { topicId, nextOffset }: Page,
  deadline: number,
): Promise<boolean> {
  const { watches, signal, now } = kafka.context;
  const bell = new Bell();
  const abandon = () => bell.ring(true);
  const timer = setTimeout(abandon, Math.max(0, deadline - now()));
  signal.addEventListener('abort', abandon);
  if (signal.aborted) abandon();
  let stop = () => {};
  try {
    const watched = await watches.open(topicId, partition);
    const { watch } = watched;
    stop = watched.listen(() => bell.ring());
    const isNews = () => !watch.open || watch.closed || watch.lastStableOffset > nextOffset;
    // A partition that cannot be watched now is not asked without a pause.
    if (!watch.open) setTimeout(() => bell.ring(), againMs);
    else if (isNews()) bell.ring();
    do await bell.rung();
    while (!bell.last && !isNews());
    return !signal.aborted && isNews();
  } finally {
    stop();
    clearTimeout(timer);
    signal.removeEventListener('abort', abandon);
  }
}
