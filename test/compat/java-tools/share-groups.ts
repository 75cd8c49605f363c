/**
 * Kafka's tools for share groups: one that looks after the groups, and three that read in them.
 * They share the JVM of the other tools.
 */
import { equal, includes, lines, unique } from '../words.ts';
import { type Bench, contains, type Play, rows, topicWith } from './bench.ts';
import { startAlone } from './toolbox.ts';

/** A new group that begins with the first record; it is there once somebody has joined it. */
async function crewOf({ run }: Bench): Promise<string> {
  const group = unique('crew');
  const entity = ['--entity-type', 'groups', '--entity-name', group];
  await run('configs', '--alter', ...entity, '--add-config', 'share.auto.offset.reset=earliest');
  return group;
}

/** A new group that has accepted so many records of a topic, and left. */
async function crewDone(bench: Bench, topic: string, count: number): Promise<string> {
  const group = await crewOf(bench);
  const limits = ['--max-messages', `${count}`, '--acknowledgement-mode', 'sync'];
  const words = ['--topic', topic, '--group-id', group, ...limits];
  const text = await bench.run('verifiableShareConsumer', ...words);
  contains(text, '"name":"startup_complete"', '"name":"shutdown_complete"');
  const events = lines(text).map((line) => JSON.parse(line));
  const told = events.filter(({ name }) => name === 'offsets_acknowledged');
  equal(
    told.map((event) => event.success),
    told.map(() => true),
  );
  equal(
    told.reduce((sum, event) => sum + event.count, 0),
    count,
  );
  return group;
}

export const shareGroups: Readonly<Record<string, Play>> = {
  'tools-share-groups-described': async (bench) => {
    const { run } = bench;
    const topic = await topicWith(bench, 4);
    const group = await crewDone(bench, topic, 4);
    includes(lines(await run('shareGroups', '--list')), group);
    equal(rows(await run('shareGroups', '--list', '--state'), group), [['Empty']]);
    equal(rows(await run('shareGroups', '--list', '--state', 'Stable'), group), []);
    equal(rows(await run('listGroups', '--list', '--share'), group), [['Share', 'share']]);
    equal(rows(await run('groups', '--list', '--type', 'classic'), group), []);
    const describe = ['--describe', '--group', group];
    const offsets = await run('shareGroups', ...describe);
    contains(offsets, 'START-OFFSET', 'LAG');
    const [[partition, , lag] = []] = rows(offsets, group, topic);
    equal([partition, lag], ['0', '0']);
    const verbose = await run('shareGroups', ...describe, '--offsets', '--verbose');
    contains(verbose, 'LEADER-EPOCH');
    equal(rows(verbose, group, topic)[0]!.length, 4);
    const members = await run('shareGroups', ...describe, '--members');
    contains(members, `Share group '${group}' has no active members.`);
    const state = await run('shareGroups', ...describe, '--state');
    equal(rows(state, group)[0]!.slice(-2), ['Empty', '0']);
    const epochs = await run('shareGroups', ...describe, '--state', '--verbose');
    contains(epochs, 'GROUP-EPOCH', 'ASSIGNMENT-EPOCH');
    const nobody = await run('shareGroups', '--describe', '--group', unique('nobody'));
    contains(nobody, 'GroupIdNotFoundException');
  },
  'tools-share-groups-members': async (bench) => {
    const { run, fails } = bench;
    const topic = await topicWith(bench, 1);
    const group = await crewOf(bench);
    const servers = ['--bootstrap-server', bench.bootstrap];
    const words = ['--topic', topic, '--group-id', group, '--acknowledgement-mode', 'sync'];
    const member = startAlone('verifiableShareConsumer', ...servers, ...words);
    try {
      await member.until(({ stdout }) => stdout.includes('offsets_acknowledged'), 'the record');
      const describe = ['--describe', '--group', group];
      const state = await run('shareGroups', ...describe, '--state');
      equal(rows(state, group)[0]!.slice(-2), ['Stable', '1']);
      const members = await run('shareGroups', ...describe, '--members', '--verbose');
      contains(members, 'CONSUMER-ID', 'CLIENT-ID', 'MEMBER-EPOCH', 'ASSIGNMENT');
      const [one = []] = rows(members, group);
      equal([one.length, one.at(-1)], [6, `${topic}:0`]);
      const refused = await run('shareGroups', '--delete', '--group', group);
      contains(refused, 'GroupNotEmptyException');
      const reset = ['--reset-offsets', '--group', group, '--all-topics', '--to-latest'];
      contains(await fails('shareGroups', ...reset, '--execute'), 'is not empty');
    } finally {
      await member.stop();
    }
    await run('shareGroups', '--delete', '--group', group);
  },
  'tools-share-groups-reset-in-every-way': async (bench) => {
    const { run } = bench;
    const topic = await topicWith(bench, 5);
    const group = await crewDone(bench, topic, 5);
    const reset = ['--reset-offsets', '--group', group];
    for (const [way, offset] of [
      [['--to-earliest'], '0'],
      [['--to-latest'], '5'],
      [['--to-datetime', '2020-01-01T00:00:00.000'], '0'],
      [['--to-datetime', '2099-01-01T00:00:00.000'], '5'],
      [['--to-earliest'], '0'],
    ] as const) {
      const text = await run('shareGroups', ...reset, '--topic', `${topic}:0`, ...way, '--execute');
      equal([way, rows(text, group, topic)], [way, [['0', offset]]]);
      const described = await run('shareGroups', '--describe', '--group', group);
      equal(rows(described, group, topic), [['0', offset, `${5 - Number(offset)}`]]);
    }
    const dry = await run('shareGroups', ...reset, '--all-topics', '--to-latest', '--dry-run');
    equal(rows(dry, group, topic), [['0', '5']]);
    const described = await run('shareGroups', '--describe', '--group', group);
    equal(rows(described, group, topic), [['0', '0', '5']]);
  },
  'tools-share-groups-deleted': async (bench) => {
    const { run } = bench;
    const topic = await topicWith(bench, 2);
    const group = await crewDone(bench, topic, 2);
    const offsets = ['--delete-offsets', '--group', group, '--topic', topic];
    equal(rows(await run('shareGroups', ...offsets), topic), [['Successful']]);
    contains(await run('shareGroups', ...offsets), 'There is no offset information to delete.');
    const described = await run('shareGroups', '--describe', '--group', group);
    contains(described, `Share group '${group}' has no offset information.`);
    const deleted = await run('shareGroups', '--delete', '--group', group);
    contains(deleted, `Deletion of requested share groups ('${group}') was successful.`);
    equal(lines(await run('shareGroups', '--list')).includes(group), false);
    const again = await run('shareGroups', '--delete', '--group', group);
    contains(again, `Group '${group}' is not a share group.`);
  },
  'tools-share-consumers': async (bench) => {
    const { run } = bench;
    const topic = await topicWith(bench, 3);
    const group = await crewOf(bench);
    const read = ['--topic', topic, '--group', group, '--timeout-ms', '30000'];
    const format = ['print.delivery', 'print.offset'].flatMap((one) => [
      '--formatter-property',
      `${one}=true`,
    ]);
    const printed = await run('shareConsole', ...read, '--max-messages', '3', ...format);
    equal(
      rows(printed).flatMap(([place]) => (place!.startsWith('Offset:') ? [place] : [])),
      ['Offset:0', 'Offset:1', 'Offset:2'],
    );
    contains(printed, 'Delivery:1', 'Processed a total of 3 messages');
    const other = await crewOf(bench);
    const words = ['--topic', topic, '--group', other, '--num-records', '3'];
    const measured = lines(await run('sharePerformance', ...words)).at(-1)!;
    equal(measured.split(', ')[5], '3');
  },
};
