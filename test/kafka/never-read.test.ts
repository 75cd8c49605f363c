import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { fetch } from '../../src/protocol/apis/fetch.ts';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { createTopic, fetchOf, frameOf, produceTo, readFrom, Wire } from './wire.ts';

let kedge: Kedge;
const opened: Wire[] = [];

async function open(): Promise<Wire> {
  const wire = await Wire.open(kedge);
  opened.push(wire);
  return wire;
}

beforeAll(async () => {
  kedge = await spawnKedge();
});
afterEach(() => {
  for (const wire of opened.splice(0)) wire.close();
});
afterAll(async () => {
  await kedge?.stop();
});

it('serves a reader although many ask for much and never read it, by hanging up on some', async () => {
  const reader = await open();
  await createTopic(reader, 'much');
  await createTopic(reader, 'little');
  for (let i = 0; i < 20; i++) await produceTo(reader, 'much', 'z'.repeat(900_000));
  await produceTo(reader, 'little', 'a');
  const question = { ...fetchOf('much', 0), maxBytes: 50_000_000 };
  const greedy = await Promise.all(Array.from({ length: 40 }, open));
  for (const wire of greedy) {
    wire.socket.pause();
    for (let i = 0; i < 10; i++) wire.write(frameOf(fetch, 12, question));
  }
  let starved = 0;
  let served = 0;
  // At first there may still be room; it is short for a while, and then there is room again.
  while (starved === 0 || served < 3) {
    const values = await readFrom(reader, 'little', 0);
    if (values.length === 0) starved++;
    else if (starved > 0) served++;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(served).toBe(3);
}, 120_000);
