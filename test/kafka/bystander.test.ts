import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { concat } from '../../src/bytes/writer.ts';
import { describeGroups } from '../../src/protocol/apis/describe-groups.ts';
import { listOffsets } from '../../src/protocol/apis/list-offsets.ts';
import { defaultsOf } from '../../src/protocol/schema.ts';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { createTopic, frameOf, hello, produceTo, Wire } from './wire.ts';

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

afterAll(async () => {
  await kedge?.stop();
});

afterEach(() => {
  for (const wire of opened.splice(0)) wire.close();
});

it('is answered before somebody who asks about very many partitions', async () => {
  const [greedy, bystander] = [await open(), await open()];
  await createTopic(bystander, 'small');
  const partitions = Array.from({ length: 300_000 }, (_, index) => ({
    partitionIndex: index + 1,
    currentLeaderEpoch: -1,
    timestamp: -1,
  }));
  const topics = [{ name: 'small', partitions }];
  const request = { ...defaultsOf(listOffsets.request.fields), topics };
  greedy.write(frameOf(listOffsets, 4, request));
  await produceTo(bystander, 'small', 'a');
  await produceTo(bystander, 'small', 'b');
  expect(greedy.waiting).toBe(0);
  const { response } = await greedy.takeResponse(listOffsets, 4);
  expect(response.topics[0].partitions).toHaveLength(300_000);
});

it('is answered before somebody who sends very many requests', async () => {
  const [greedy, bystander] = [await open(), await open()];
  await createTopic(bystander, 'other');
  const many = 20_000;
  greedy.write(concat(Array.from({ length: many }, (_, index) => hello(index))));
  await produceTo(bystander, 'other', 'a');
  expect(greedy.waiting).toBeLessThan(many);
});

it('answers for thousands of groups that do not exist', async () => {
  const wire = await open();
  const groups = Array.from({ length: 20_000 }, (_, index) => `none-${index}`);
  const request = { ...defaultsOf(describeGroups.request.fields), groups };
  const { groups: described } = await wire.ask(describeGroups, 0, request);
  expect(new Set(described.map(({ groupState }) => groupState))).toEqual(new Set(['Dead']));
  expect(described).toHaveLength(groups.length);
});
