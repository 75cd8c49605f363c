/**
 * What lasts is ended before the Worker has made more calls than it may, and comes again: nothing
 * is lost on the way, and what is acked or answered is not doubled either.
 */
import { EventSource } from 'eventsource';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { Frames } from './frames.ts';
import { ask, v2Json } from './requests.ts';

let kedge: Kedge;
beforeAll(async () => {
  kedge = await spawnKedge({ env: { KEDGE_CALLS_PER_CONNECTION: '20' } });
});
afterAll(() => kedge.stop());

const records = 200;
const numbers = Array.from({ length: records }, (_, index) => index);
/** Too much to come with the news of it, so that each is a call. */
const filler = 'x'.repeat(17_000);

async function produce(topic: string, number: number): Promise<void> {
  const body = { records: [{ value: { number, filler } }] };
  await ask('POST', `${kedge.url}/rest/topics/${topic}`, { body, type: v2Json });
}

describe('again and again', () => {
  it('a stream of events goes on where it was', async () => {
    await produce('events', 0);
    const seen: number[] = [];
    let opened = 0;
    const source = new EventSource(`${kedge.url}/sse/events?offset=earliest&value=json`);
    source.addEventListener('open', () => opened++);
    const whole = new Promise<void>((resolve) => {
      source.addEventListener('message', ({ data }) => {
        seen.push(JSON.parse(data).value.number);
        if (seen.length < records / 4) void produce('events', seen.length);
        else resolve();
      });
    });
    await whole;
    source.close();
    expect(seen).toEqual(numbers.slice(0, records / 4));
    expect(opened).toBeGreaterThan(2);
  });

  it('a producer sends again what was not answered', async () => {
    const unanswered = [...numbers];
    let opened = 0;
    while (unanswered.length > 0) {
      opened++;
      using socket = new Frames(`${kedge.url}/ws/producer/produced?value=json`);
      await socket.opened;
      // One at a time, and one ahead: the second may be cut off.
      for (const value of unanswered.slice(0, 2)) await socket.send({ value, context: value });
      for (let answer = await socket.next(); answer; answer = await socket.next()) {
        expect(answer).toMatchObject({ result: 'ok', context: unanswered.shift() });
        if (unanswered.length === 0) break;
        const value = unanswered[1];
        if (value !== undefined) await socket.send({ value, context: value });
      }
      if (unanswered.length > 0)
        expect(socket.closed).toEqual({ code: 1012, reason: 'come again' });
    }
    expect(opened).toBeGreaterThan(2);
    const path = `${kedge.url}/rest/topics/produced/partitions/0/records?offset=0`;
    const { json } = await ask('GET', path, { accept: v2Json });
    expect(json.map(({ value }: { value: number }) => value)).toEqual(numbers);
  });

  it('a consumer goes on behind what it acked', async () => {
    await produce('consumed', 0);
    const seen: number[] = [];
    let opened = 0;
    while (seen.length < records / 4) {
      opened++;
      const query = 'auto.offset.reset=earliest&value=json';
      using socket = new Frames(`${kedge.url}/ws/consumer/consumed/again?${query}`);
      for (let frame = await socket.next(); frame; frame = await socket.next()) {
        if (frame.type === 'assigned') continue;
        seen.push(frame.value.number);
        await socket.send({ partition: frame.partition, offset: frame.offset });
        if (seen.length === records / 4) break;
        await produce('consumed', seen.length);
      }
      if (seen.length === records / 4) break;
      expect(await socket.untilClosed()).toEqual({ code: 1012, reason: 'come again' });
    }
    expect(seen).toEqual(numbers.slice(0, records / 4));
    expect(opened).toBeGreaterThan(2);
  });
});
