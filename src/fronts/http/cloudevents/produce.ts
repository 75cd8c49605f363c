/**
 * CloudEvents in: an event or a batch becomes records of the topic in the path. The surprise: in
 * whatever mode they come, events are stored in binary mode, so that every consumer finds their
 * attributes as headers; `?mode=structured` keeps them whole as values.
 */
import { demand } from '../../../broker/permissions.ts';
import { readBody } from '../body.ts';
import { parseInteger } from '../check.ts';
import { fromKafka, HttpError } from '../errors.ts';
import { type ProducedRecord, produceRecords } from '../produce.ts';
import { type HttpContext, jsonResponse } from '../routes.ts';
import { InvalidEvent, recordOf } from './event.ts';
import { eventsFrom } from './http-message.ts';

export async function produceEvents(c: HttpContext): Promise<Response> {
  const topic = c.req.param('topic')!;
  const { key, partition, mode: stored = 'binary' } = c.req.query();
  if (stored !== 'binary' && stored !== 'structured') {
    throw new HttpError(400, 400, 'Events are stored with mode binary or structured');
  }
  const placed = partition === undefined ? null : parseInteger(partition, 'partition', 400);
  if (placed !== null && placed < 0) throw new HttpError(400, 400, 'partition must be at least 0');
  const { mode, events } = await eventsOf(c);
  const timestamp = c.get('kafka').context.now();
  const records = events.map((event) => {
    const record = recordOf(event, stored);
    const chosen = key === undefined ? record.key : new TextEncoder().encode(key);
    return { ...record, key: chosen, partition: placed, timestamp };
  });
  const results = records.length === 0 ? [] : await produceRecords(c.get('kafka'), topic, records);
  const answers = results.map((result) => written(topic, result));
  throwFailed(results, answers);
  return jsonResponse(mode === 'batch' ? answers : answers[0], 200, 'application/json');
}

/** The handshake of CloudEvents' webhooks: whether this sender may deliver here, and how fast. */
export async function webhookHandshake(c: HttpContext): Promise<Response> {
  const topic = c.req.param('topic')!;
  await demand(c.get('kafka').context, 'WRITE', 'TOPIC', topic);
  const headers = new Headers({ allow: 'POST, OPTIONS' });
  const origin = c.req.header('webhook-request-origin');
  if (origin !== undefined) {
    headers.set('webhook-allowed-origin', origin);
    headers.set('webhook-allowed-rate', '*');
  }
  return new Response(null, { status: 200, headers });
}

async function eventsOf(c: HttpContext): Promise<ReturnType<typeof eventsFrom>> {
  const body = await readBody(c.req.raw);
  try {
    return eventsFrom(c.req.raw.headers, body);
  } catch (error) {
    if (error instanceof InvalidEvent) throw new HttpError(400, 400, error.message);
    throw error;
  }
}

function written(topic: string, result: ProducedRecord) {
  if (!('offset' in result)) return { error_code: result.errorCode, message: result.message };
  const { partition, offset, timestamp } = result;
  return { topic, partition, offset, timestamp };
}

/** What became of every event is in the error as well: some may have been written. */
function throwFailed(results: readonly ProducedRecord[], events: readonly object[]): void {
  const failed = results.find((result) => 'errorCode' in result);
  if (failed === undefined || !('errorCode' in failed)) return;
  const { status, errorCode, message } = fromKafka(failed.errorCode, failed.message);
  throw new HttpError(status, errorCode, message, results.length > 1 ? { events } : {});
}
