/**
 * What Kedge is asked while it is profiled, from one connection. The surprise: requests are encoded
 * before, and answers are only counted, so that most of the machine is Kedge's.
 */
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import { fetch } from '../../src/protocol/apis/fetch.ts';
import { produce } from '../../src/protocol/apis/produce.ts';
import { buildBatch } from '../../src/protocol/records/index.ts';
import { defaultsOf } from '../../src/protocol/schema.ts';
import { createTopic, fetchOf, frameOf, produceOf, type Wire } from '../../test/kafka/wire.ts';

export interface Load {
  readonly title: string;
  /** Readies everything and answers with what is done again and again. */
  prepare(wire: Wire): Promise<Step>;
}

/** Keeps Kedge at work for a moment; answers with the bytes of batches that went over the wire. */
type Step = () => Promise<number>;

const topic = 'profiled';

function batch(recordBytes: number, batchBytes: number): Uint8Array {
  const count = Math.max(1, Math.floor(batchBytes / (recordBytes + 8)));
  const value = new Uint8Array(recordBytes);
  for (let i = 0; i < value.length; i++) value[i] = 97 + ((i * 7 + (i >> 5)) % 26);
  const timestamp = Date.now();
  return buildBatch(Array.from({ length: count }, () => ({ value, timestamp })));
}

function producing(title: string, recordBytes: number, batchBytes: number, inFlight = 5): Load {
  return {
    title,
    async prepare(wire) {
      await createTopic(wire, topic);
      const records = batch(recordBytes, batchBytes);
      const frame = frameOf(produce, 9, produceOf(topic, records));
      for (let i = 0; i < inFlight - 1; i++) wire.write(frame);
      return async () => {
        wire.write(frame);
        const { response } = await wire.takeResponse(produce, 9);
        const { errorCode } = response.responses[0].partitionResponses[0];
        if (errorCode !== 0) throw new Error(`Produce answered error ${errorCode}`);
        return records.length;
      };
    },
  };
}

/** Reads 64 MB of batches from the start to the end, over and over. */
function fetching(title: string, recordBytes: number, batchBytes: number): Load {
  return {
    title,
    async prepare(wire) {
      await createTopic(wire, topic);
      const records = batch(recordBytes, batchBytes);
      const filling = frameOf(produce, 9, produceOf(topic, records));
      const count = Math.ceil(64_000_000 / records.length);
      for (let i = 0; i < count; i++) {
        wire.write(filling);
        if (i >= 5) await wire.take();
      }
      for (let i = 0; i < 5; i++) await wire.take();
      let offset = 0;
      return async () => {
        const { topics } = fetchOf(topic, offset);
        const asked = { ...defaultsOf(fetch.request.fields), topics, maxBytes: 50 * 1024 * 1024 };
        const partitions = [{ ...topics[0].partitions[0], partitionMaxBytes: 1024 * 1024 }];
        const question = { ...asked, topics: [{ topic, topicId: ZERO_UUID, partitions }] };
        wire.write(frameOf(fetch, 11, question));
        const { response } = await wire.takeResponse(fetch, 11);
        const { errorCode, records: pieces } = response.responses[0].partitions[0];
        if (errorCode !== 0) throw new Error(`Fetch answered error ${errorCode}`);
        const bytes = (pieces ?? []).reduce((sum, { length }) => sum + length, 0);
        const read = Math.floor(bytes / records.length);
        const each = new DataView(records.buffer).getInt32(57);
        offset = read === 0 ? 0 : offset + read * each;
        return bytes;
      };
    },
  };
}

export const loads: Readonly<Record<string, Load>> = {
  produce: producing('Produce, 1 KB records in batches of 16 KiB, 5 under way', 1000, 16_384),
  'produce-small': producing('Produce, 100 B records in batches of 16 KiB', 100, 16_384),
  'produce-large': producing('Produce, 1 KB records in batches of 1 MB', 1000, 1_000_000),
  one: producing('Produce, one record of 1 KB at a time', 1000, 1000, 1),
  fetch: fetching('Fetch from the start, batches of 16 KiB', 1000, 16_384),
  'fetch-large': fetching('Fetch from the start, batches of 1 MB', 1000, 1_000_000),
};

/** Runs it for so long; answers with the bytes of record batches. */
export async function drive(step: Step, seconds: number): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let bytes = 0;
  while (performance.now() < end) bytes += await step();
  return bytes;
}
