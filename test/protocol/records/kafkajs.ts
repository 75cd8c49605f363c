/** The codec of kafkajs, which nobody here wrote, to compare record batches with. */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const inside = (path: string) => require(`kafkajs/src/protocol/${path}`);

export interface KafkajsRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer>;
}

/** Records as kafkajs takes them, in a batch of these fields. */
export async function kafkajsEncode(
  fields: Record<string, unknown>,
  records: readonly Record<string, unknown>[],
): Promise<Uint8Array> {
  const { RecordBatch } = inside('recordBatch/v0');
  const encoded = records.map(inside('recordBatch/record/v0'));
  const { buffer } = await RecordBatch({ ...fields, records: encoded });
  return new Uint8Array(buffer);
}

export async function kafkajsDecode(batch: Uint8Array): Promise<KafkajsRecord[]> {
  const Decoder = inside('decoder');
  const decoded = await inside('recordBatch/v0/decoder')(new Decoder(Buffer.from(batch)));
  return decoded.records;
}
