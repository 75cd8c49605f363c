/**
 * What a Kedge is to hold when it begins, from files of JSON lines, as `kedge export` writes them.
 * The surprise: it comes in by Kafka's own protocol, so records may be kept longer than a file says
 * or be refused, as those of any program.
 */
import { Admin } from '../../client/admin/admin.ts';
import { Producer } from '../../client/producer/producer.ts';
import { bytes } from '../../client/serdes.ts';
import { bytesOf } from '../../core/record-lines.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { readSeed, type Seed, type SeedRecord, topicOf } from '../../testing/seed.ts';

/** Stores what the files say, one after the other. */
export async function sowFiles(
  files: readonly string[],
  url: string,
  token: string | undefined,
): Promise<void> {
  await using admin = new Admin(url, { token });
  for (const file of files) await sow(await readSeed(file), admin, url, token);
}

async function sow(
  { topics = [], records = [], offsets = [] }: Seed,
  admin: Admin,
  url: string,
  token: string | undefined,
): Promise<void> {
  for (const topic of topics) {
    await admin.createTopics([topicOf(topic)]).catch((error: { readonly code?: number }) => {
      if (error.code !== ErrorCode.TOPIC_ALREADY_EXISTS) throw error;
    });
  }
  await using producer = new Producer(url, { token, key: bytes, value: bytes });
  const byTopic = Map.groupBy(records, ({ topic }) => topic);
  await Promise.all([...byTopic].map(([topic, all]) => producer.send(topic, all.map(recordOf))));
  for (const [group, all] of Map.groupBy(offsets, (offset) => offset.group)) {
    await admin.alterGroupOffsets(group, all);
  }
}

function recordOf({ key, value, headers, partition, timestamp }: SeedRecord) {
  return {
    ...{ key: bytesOf(key), value: bytesOf(value) },
    ...(headers !== undefined && { headers }),
    ...(partition !== undefined && { partition }),
    ...(timestamp !== undefined && { timestamp }),
  };
}
