/** `kedge topic trim`. */
import { command } from '../command.ts';
import { UsageError } from '../usage.ts';
import { instant, integer } from '../values.ts';
import { placesOf } from './views.ts';

/** For Kafka: all there is. */
const everything = -1;

export const trim = command({
  name: 'trim',
  summary: 'delete the oldest records of a topic, or all of them',
  description: 'As kafka-delete-records does. The topic stays, and offsets go on where they were.',
  arguments: [{ name: 'topic', summary: 'a topic', complete: 'topic' }],
  options: {
    all: { summary: 'every record' },
    'before-offset': {
      value: 'offset',
      summary: 'those before this offset; needs --partition',
      parse: integer(0),
    },
    'before-time': {
      value: 'time',
      summary: "those that are older: 2026-11-23T10:00:00Z, '1h ago'",
      parse: instant,
    },
    partition: { short: 'p', value: 'number', summary: 'only in this partition', parse: integer() },
  },
  connects: true,
  examples: [
    { command: 'kedge topic trim orders --all' },
    { command: "kedge topic trim orders --before-time '7d ago'" },
  ],
  async run({ args: [topic], options, output, connect }) {
    const { all, partition, 'before-offset': offset, 'before-time': time } = options;
    if ([all, offset !== undefined, time !== undefined].filter(Boolean).length !== 1) {
      throw new UsageError('say which: --all, --before-offset or --before-time.');
    }
    if (offset !== undefined && partition === undefined) {
      throw new UsageError('--before-offset needs --partition.');
    }
    const cluster = await connect();
    const { admin } = cluster;
    const places = (await placesOf(cluster, [topic])).filter(
      (place) => partition === undefined || place.partition === partition,
    );
    if (places.length === 0) throw new UsageError(`${topic} has no partition ${partition}.`);
    const found =
      time === undefined
        ? places.map((place) => ({ ...place, offset: offset ?? everything }))
        : await admin.listOffsets(places.map((place) => ({ ...place, at: time })));
    const trimmed = await admin.deleteRecords(found);
    output.table(
      trimmed.map((one) => ({ topic, partition: one.partition, earliest: one.offset })),
      [
        { title: 'PARTITION', of: (row) => row.partition, right: true },
        { title: 'EARLIEST', of: (row) => row.earliest, right: true },
      ],
    );
  },
});
