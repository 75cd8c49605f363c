/** Produce: what is stored, what is refused and how that is said, version by version. */
import { Codec, compress } from '../../../../src/bytes/compression.ts';
import { buildBatch } from '../../../../src/protocol/records/index.ts';
import { changed, joined } from '../../../protocol/records/samples.ts';
import { fetch, listOffsets, produce } from '../apis.ts';
import { type Player, scripts, type Topic } from '../player.ts';
import {
  batch,
  batchAt,
  fetchOf,
  hourAgo,
  Latest,
  listOf,
  produceOf,
  record,
  versions,
} from '../requests.ts';

const nowhere = { name: 'no-such-topic', topicId: 'c29tZS1vdGhlci10b3BpYw' };
const all = versions(3, 13);

/** The same records to the same partition, in every version. */
async function inEveryVersion(on: Player, topic: Topic, records: () => Uint8Array | null) {
  for (const version of all) await on.ask(produce, version, produceOf(topic, records()));
}

function compressed(codec: number, values: readonly string[]): Uint8Array {
  return batch(values, { compression: { codec, compress } });
}

async function stored(on: Player, topic: Topic): Promise<void> {
  await on.ask(fetch, 11, fetchOf(topic, 0));
}

const basics = scripts('produce', {
  'every-version': async (on) => {
    const topic = await on.topic();
    await inEveryVersion(on, topic, () => batch(['a', 'b']));
    await stored(on, topic);
  },
  'acks-one': async (on) => {
    const topic = await on.topic();
    for (const version of [3, 8, 13]) {
      await on.ask(produce, version, produceOf(topic, batch(['a']), { acks: 1 }));
    }
    await stored(on, topic);
  },
  'acks-zero': async (on) => {
    const topic = await on.topic();
    for (const version of [3, 9, 13]) {
      await on.tell(produce, version, produceOf(topic, batch(['unanswered']), { acks: 0 }));
    }
    await on.ask(produce, 9, produceOf(topic, batch(['answered'])));
    await stored(on, topic);
  },
  'acks-zero-unknown-topic-closes': async (on) => {
    for (const version of [3, 9, 13]) {
      await on.refused(produce, version, produceOf(nowhere, batch(['lost']), { acks: 0 }));
    }
  },
  'acks-that-are-none': async (on) => {
    const topic = await on.topic();
    for (const acks of [7, 2, -2]) {
      for (const version of [3, 8, 13]) {
        await on.ask(produce, version, produceOf(topic, batch(['a']), { acks }));
      }
    }
    await on.ask(listOffsets, 5, listOf(topic, Latest));
  },
  'acks-that-are-none-unknown-topic': async (on) => {
    await on.ask(produce, 9, produceOf(nowhere, batch(['a']), { acks: 7 }));
  },
  'acks-that-are-none-corrupt': async (on) => {
    const topic = await on.topic();
    const damaged = changed(batch(['a']), (view) => view.setUint8(65, 9), { fixCrc: false });
    await on.ask(produce, 9, produceOf(topic, damaged, { acks: 7 }));
  },
  'unknown-topic': (on) => inEveryVersion(on, nowhere, () => batch(['a'])),
  'unknown-topic-id-zero': async (on) => {
    const topic = { name: 'ignored', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' };
    await on.ask(produce, 13, produceOf(topic, batch(['a'])));
  },
  'unknown-partition': async (on) => {
    const topic = await on.topic();
    for (const index of [1, -1, 2_147_483_647]) {
      for (const version of [3, 8, 13]) {
        await on.ask(produce, version, produceOf(topic, batch(['a']), { index }));
      }
    }
  },
  'illegal-topic-name': async (on) => {
    for (const name of ['', 'a b', '..', 'x'.repeat(250)]) {
      const topic = { name, topicId: nowhere.topicId };
      await on.ask(produce, 9, produceOf(topic, batch(['a'])));
    }
  },
  'nothing-asked': async (on) => {
    await on.ask(produce, 9, { acks: -1, topicData: [] });
    const topic = await on.topic();
    await on.ask(produce, 9, { acks: -1, topicData: [{ ...topic, partitionData: [] }] });
  },
  'partitions-each-answered': async (on) => {
    const topic = await on.topic('topic', {}, 2);
    const partitionData = [1, 0, 5].map((index) => ({ index, records: batch([`p${index}`]) }));
    const topicData = [
      { ...topic, partitionData },
      { ...nowhere, partitionData },
    ];
    for (const version of [3, 9, 13]) await on.ask(produce, version, { acks: -1, topicData });
  },
  'no-records': async (on) => {
    const topic = await on.topic();
    for (const version of [3, 8, 9, 13]) {
      await on.ask(produce, version, produceOf(topic, new Uint8Array(0)));
    }
  },
  'records-cut-short': async (on) => {
    const topic = await on.topic();
    for (const length of [5, 12, 16, 17, 60, 61, 70]) {
      await on.ask(produce, 9, produceOf(topic, batch(['a value']).slice(0, length)));
    }
  },
  'two-batches': async (on) => {
    const topic = await on.topic();
    await inEveryVersion(on, topic, () => joined(batch(['a']), batch(['b'])));
  },
  'batch-and-a-piece': async (on) => {
    const topic = await on.topic();
    for (const length of [1, 12, 17, 40]) {
      const piece = batch(['b']).slice(0, length);
      await on.ask(produce, 9, produceOf(topic, joined(batch(['a']), piece)));
    }
    await stored(on, topic);
  },
});

const damaged = scripts('produce', {
  'crc-wrong': async (on) => {
    const topic = await on.topic();
    const wrong = () => changed(batch(['a']), (view) => view.setUint32(17, 1), { fixCrc: false });
    await inEveryVersion(on, topic, wrong);
  },
  'magic-wrong': async (on) => {
    const topic = await on.topic();
    for (const magic of [0, 1, 3, -1]) {
      const odd = changed(batch(['a']), (view) => view.setInt8(16, magic), { fixCrc: false });
      for (const version of [3, 8, 13]) await on.ask(produce, version, produceOf(topic, odd));
    }
  },
  'length-wrong': async (on) => {
    const topic = await on.topic();
    for (const length of [-1, 0, 13, 14, 48, 49, 50, 1000]) {
      const odd = changed(batch(['a']), (view) => view.setInt32(8, length), { fixCrc: false });
      await on.ask(produce, 9, produceOf(topic, odd));
    }
  },
  'count-wrong': async (on) => {
    const topic = await on.topic();
    for (const count of [-1, 0, 1, 3]) {
      const odd = changed(batch(['a', 'b']), (view) => view.setInt32(57, count));
      for (const version of [7, 8]) await on.ask(produce, version, produceOf(topic, odd));
    }
  },
  'last-offset-delta-wrong': async (on) => {
    const topic = await on.topic();
    for (const delta of [-1, 0, 2, 2_147_483_647]) {
      const odd = changed(batch(['a', 'b']), (view) => view.setInt32(23, delta));
      await on.ask(produce, 9, produceOf(topic, odd));
    }
  },
  'control-batch': async (on) => {
    const topic = await on.topic();
    await on.ask(produce, 9, produceOf(topic, batch(['a'], { isControl: true })));
    const both = { isControl: true, isTransactional: true, producerId: 4711, producerEpoch: 0 };
    await on.ask(produce, 9, produceOf(topic, batch(['a'], { ...both, baseSequence: 0 })));
  },
  'base-offset-not-zero': async (on) => {
    const topic = await on.topic();
    await on.ask(produce, 9, produceOf(topic, batch(['a'], { baseOffset: 7 })));
    await on.ask(produce, 9, produceOf(topic, batch(['a'], { partitionLeaderEpoch: 9 })));
    await stored(on, topic);
  },
});

const codecs = scripts('produce', {
  'zstd-by-version': async (on) => {
    const topic = await on.topic();
    await inEveryVersion(on, topic, () => compressed(Codec.ZSTD, ['a']));
  },
  'zstd-fetched-by-version': async (on) => {
    const topic = await on.topic();
    await on.ask(produce, 9, produceOf(topic, batch(['plain'])));
    await on.ask(produce, 9, produceOf(topic, compressed(Codec.ZSTD, ['a'])));
    for (const version of versions(4, 13)) await on.ask(fetch, version, fetchOf(topic, 0));
    for (const version of [9, 10]) await on.ask(fetch, version, fetchOf(topic, 1));
  },
  'zstd-topic-fetched-by-version': async (on) => {
    const topic = await on.topic('topic', { 'compression.type': 'zstd' });
    for (const version of [9, 10]) await on.ask(fetch, version, fetchOf(topic, 0));
    await on.ask(produce, 3, produceOf(topic, compressed(Codec.GZIP, ['a'])));
    const read = await on.quietly(fetch, 10, fetchOf(topic, 0));
    on.note('codec', read.responses[0].partitions[0].records?.[0]?.[22]);
    for (const version of [9, 10]) await on.ask(listOffsets, version, listOf(topic, Latest));
  },
  'codec-unknown': async (on) => {
    const topic = await on.topic();
    for (const codec of [5, 6, 7]) {
      const odd = changed(batch(['a']), (view) => view.setInt16(21, codec));
      for (const version of [6, 7, 8]) await on.ask(produce, version, produceOf(topic, odd));
    }
  },
  'compressed-as-sent': async (on) => {
    const topic = await on.topic();
    for (const codec of [Codec.GZIP, Codec.SNAPPY, Codec.LZ4, Codec.ZSTD]) {
      await on.ask(produce, 9, produceOf(topic, compressed(codec, ['a', 'b', 'c'])));
    }
    const read = await on.quietly(fetch, 11, fetchOf(topic, 0));
    const pieces = read.responses[0].partitions[0].records ?? [];
    on.note('codecs', pieces.length > 0);
    await on.ask(listOffsets, 5, listOf(topic, Latest));
  },
  'compression-removed': async (on) => {
    const topic = await on.topic('topic', { 'compression.type': 'uncompressed' });
    await on.ask(produce, 9, produceOf(topic, compressed(Codec.GZIP, ['a', 'b', 'c'])));
    await stored(on, topic);
  },
});

const times = scripts('produce', {
  'create-time-kept': async (on) => {
    const topic = await on.topic();
    const base = hourAgo;
    await on.ask(produce, 9, produceOf(topic, batchAt([base, base + 5, base + 2])));
    await stored(on, topic);
  },
  'log-append-time': async (on) => {
    const topic = await on.topic('topic', { 'message.timestamp.type': 'LogAppendTime' });
    for (const version of [3, 8, 13]) {
      await on.ask(produce, version, produceOf(topic, batchAt([hourAgo, 5])));
    }
    const read = await on.quietly(fetch, 11, fetchOf(topic, 0));
    on.note('high watermark', read.responses[0].partitions[0].highWatermark);
    await on.ask(listOffsets, 5, listOf(topic, 1));
  },
  'too-old': async (on) => {
    const topic = await on.topic('topic', { 'message.timestamp.before.max.ms': '60000' });
    const old = Date.now() - 120_000;
    for (const version of [3, 8, 13]) {
      await on.ask(produce, version, produceOf(topic, batchAt([Date.now(), old, old])));
    }
  },
  'too-new': async (on) => {
    const topic = await on.topic();
    for (const version of [3, 8, 13]) {
      await on.ask(
        produce,
        version,
        produceOf(topic, batchAt([Date.now(), Date.now() + 7_200_000])),
      );
    }
  },
  'no-timestamp': async (on) => {
    const topic = await on.topic();
    await on.ask(produce, 9, produceOf(topic, batchAt([-1, -1])));
    await stored(on, topic);
    await on.ask(listOffsets, 5, listOf(topic, 0));
  },
  'timestamp-negative': async (on) => {
    const topic = await on.topic();
    for (const timestamp of [-2, -1000]) {
      await on.ask(produce, 9, produceOf(topic, batchAt([timestamp])));
    }
  },
});

const rules = scripts('produce', {
  'too-large': async (on) => {
    const topic = await on.topic('topic', { 'max.message.bytes': '200' });
    for (const version of [3, 8, 13]) {
      await on.ask(produce, version, produceOf(topic, batch(['x'.repeat(300)])));
    }
    await on.ask(produce, 9, produceOf(topic, batch(['x'.repeat(100)])));
  },
  'exactly-as-large-as-may-be': async (on) => {
    const topic = await on.topic('topic', { 'max.message.bytes': '168' });
    for (const length of [99, 98, 97]) {
      await on.ask(produce, 9, produceOf(topic, batch(['x'.repeat(length)])));
    }
  },
  'larger-than-default': async (on) => {
    const topic = await on.topic();
    await on.ask(produce, 9, produceOf(topic, batch(['x'.repeat(1_100_000)])));
  },
  'compacted-without-key': async (on) => {
    const topic = await on.topic('topic', { 'cleanup.policy': 'compact' });
    for (const version of [3, 8, 13]) {
      await on.ask(produce, version, produceOf(topic, batch(['a', 'b'])));
    }
    const mixed = buildBatch([record('a', 'k'), record('b'), record(null, 'k')]);
    for (const version of [7, 8]) await on.ask(produce, version, produceOf(topic, mixed));
    await on.ask(produce, 9, produceOf(topic, buildBatch([record(null, 'k')])));
    await stored(on, topic);
  },
  'compacted-and-deleted-without-key': async (on) => {
    const topic = await on.topic('topic', { 'cleanup.policy': 'compact,delete' });
    await on.ask(produce, 9, produceOf(topic, batch(['a'])));
  },
  'null-key-and-value': async (on) => {
    const topic = await on.topic();
    await on.ask(produce, 9, produceOf(topic, buildBatch([record(null), record('', '')])));
    await stored(on, topic);
  },
  'min-insync-replicas': async (on) => {
    const topic = await on.topic('topic', { 'min.insync.replicas': '2' });
    for (const acks of [1, -1]) {
      await on.ask(produce, 9, produceOf(topic, batch(['a']), { acks }));
    }
  },
  'transactional-id-without-transaction': async (on) => {
    const topic = await on.topic();
    const transactionalId = on.name('tx');
    await on.ask(produce, 9, produceOf(topic, batch(['a']), { transactionalId }));
  },
  'same-partition-twice': async (on) => {
    const topic = await on.topic();
    const partitionData = ['a', 'b'].map((value) => ({ index: 0, records: batch([value]) }));
    await on.ask(produce, 9, { acks: -1, topicData: [{ ...topic, partitionData }] });
    await stored(on, topic);
  },
  'same-topic-twice': async (on) => {
    const topic = await on.topic('topic', {}, 2);
    const topicData = [0, 1].map((index) => {
      return { ...topic, partitionData: [{ index, records: batch([`p${index}`]) }] };
    });
    for (const version of [3, 9, 13]) await on.ask(produce, version, { acks: -1, topicData });
  },
});

export const produceScripts = [...basics, ...damaged, ...codecs, ...times, ...rules];
