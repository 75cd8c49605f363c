/**
 * The tools an operator manages a cluster with, each held to what it prints of Apache Kafka. They
 * share one JVM.
 */
import { writeFileSync } from 'node:fs';
import { equal, includes, lines, unique } from '../words.ts';
import { contains, file, groupOf, type Play, rows, topicWith } from './bench.ts';
import { runAlone, startAlone } from './toolbox.ts';

const topics: Readonly<Record<string, Play>> = {
  'tools-topics-page-by-page': async ({ run }) => {
    const topic = unique('paged');
    await run('topics', '--create', '--topic', topic, '--partitions', '5');
    const page = ['--partition-size-limit-per-response', '2'];
    const text = await run('topics', '--describe', '--topic', topic, ...page);
    contains(text, 'PartitionCount: 5', 'ReplicationFactor: 1', 'Elr: \tLastKnownElr: ');
    equal(lines(text).filter((line) => line.includes('Leader: 1')).length, 5);
  },
  'tools-get-offsets-and-delete-records': async (bench) => {
    const { run } = bench;
    const topic = await topicWith(bench, 6);
    const partitions = [{ topic, partition: 0, offset: 2 }];
    const offsets = file('delete', { version: 1, partitions });
    const deleted = await run('deleteRecords', '--offset-json-file', offsets);
    contains(deleted, `partition: ${topic}-0\tlow_watermark: 2`);
    for (const [time, offset] of [
      ['latest', '6'],
      ['earliest', '2'],
      ['earliest-local', '2'],
      ['0', '2'],
    ] as const) {
      const text = await run('getOffsets', '--topic', topic, '--time', time);
      equal([time, text.trim()], [time, `${topic}:0:${offset}`]);
    }
    equal((await run('getOffsets', '--topic', topic, '--time', 'latest-tiered')).trim(), '');
    const newest = await run('getOffsets', '--topic', topic, '--time', 'max-timestamp');
    equal(/^[0-5]$/.test(newest.trim().replace(`${topic}:0:`, '')), true);
    const picked = await run('getOffsets', '--topic-partitions', `${topic}:0-1`);
    equal(picked.trim(), `${topic}:0:6`);
    const described = await run('logDirs', '--describe', '--topic-list', topic);
    contains(described, `{"partition":"${topic}-0","size":`, '"offsetLag":0,"isFuture":false}');
  },
  'tools-performance': async (bench) => {
    const topic = await topicWith(bench, 500);
    const read = await bench.run('consumerPerformance', '--topic', topic, '--num-records', '500');
    const [, , , , messages] = lines(read).at(-1)!.split(', ');
    equal(messages, '500');
  },
  'tools-verifiable-clients': async (bench) => {
    const topic = await topicWith(bench, 0);
    const limits = ['--max-messages', '7', '--throughput', '-1'];
    const servers = ['--bootstrap-server', bench.bootstrap];
    const sent = await runAlone('verifiableProducer', ...servers, '--topic', topic, ...limits);
    contains(sent, '"name":"tool_data","sent":7,"acked":7');
    await groupOf(bench, topic, 7);
  },
};

const described = ['CURRENT-OFFSET', 'LOG-END-OFFSET', 'LAG'];

const groups: Readonly<Record<string, Play>> = {
  'tools-groups-described': async (bench) => {
    const { run } = bench;
    const topic = await topicWith(bench, 4);
    const group = await groupOf(bench, topic, 4);
    const text = await run('groups', '--describe', '--group', group);
    contains(text, `Consumer group '${group}' has no active members.`, ...described);
    equal(rows(text, group, topic), [['0', '4', '4', '0', '-', '-', '-']]);
    const state = await run('groups', '--describe', '--group', group, '--state');
    equal(rows(state, group)[0]!.slice(1), ['(1)', '-', 'Empty', '0']);
    contains(await run('groups', '--describe', '--group', group, '--members'), '#PARTITIONS');
    equal(rows(await run('groups', '--list', '--state', 'empty'), group), [['Empty']]);
    equal(rows(await run('groups', '--list', '--state', 'stable'), group), []);
    equal(rows(await run('groups', '--list', '--type', 'classic'), group), [['Classic']]);
    equal(rows(await run('listGroups', '--list'), group), [['Classic', 'consumer']]);
    const offsets = ['--delete-offsets', '--group', group, '--topic', topic];
    equal(rows(await run('groups', ...offsets), topic), [['0', 'Successful']]);
    contains(await run('groups', '--delete', '--group', group), 'was successful');
    const gone = await run('groups', '--describe', '--group', group);
    contains(gone, 'GroupIdNotFoundException');
  },
  'tools-groups-with-a-member': async (bench) => {
    const { run } = bench;
    const topic = await topicWith(bench, 3);
    const group = unique('readers');
    const servers = ['--bootstrap-server', bench.bootstrap];
    const words = ['--topic', topic, '--group-id', group, '--reset-policy', 'earliest'];
    const kind = ['--group-protocol', 'consumer', '--group-instance-id', 'first'];
    const member = startAlone('verifiableConsumer', ...servers, ...words, ...kind);
    await member.until(({ stdout }) => stdout.includes('"offset":3}],"success":true'), 'commits');
    const client = `consumer-${group}-first`;
    const describe = ['--describe', '--group', group];
    const [offsets = []] = rows(await run('groups', ...describe), group, topic);
    equal(offsets.slice(0, 4), ['0', '3', '3', '0']);
    equal(offsets.at(-1), client);
    const members = await run('groups', ...describe, '--members', '--verbose');
    contains(members, 'CURRENT-EPOCH', 'TARGET-ASSIGNMENT');
    const [[memberId, instance, host, ...assigned] = []] = rows(members, group);
    equal([memberId, instance], [offsets[4], 'first']);
    equal(host!.startsWith('/'), true);
    const [, count, epoch, current, target, targeted] = assigned;
    equal(assigned[0], client);
    equal([count, current, targeted, target], ['1', `${topic}:0`, `${topic}:0`, epoch]);
    const state = await run('groups', ...describe, '--state', '--verbose');
    contains(state, 'GROUP-EPOCH', 'TARGET-ASSIGNMENT-EPOCH');
    equal(rows(state, group)[0]!.slice(-5), ['uniform', 'Stable', epoch, epoch, '1']);
    equal(rows(await run('groups', '--list', '--state'), group), [['Stable']]);
    const listed = await run('groups', '--list', '--type', 'consumer', '--state', 'stable');
    equal(rows(listed, group), [['Consumer', 'Stable']]);
    const reset = ['--reset-offsets', '--group', group, '--topic', topic, '--to-earliest'];
    contains(await run('groups', ...reset, '--execute'), 'but the current state is Stable.');
    contains(await run('groups', '--delete', '--group', group), 'GroupNotEmptyException');
    const remove = ['--delete-offsets', '--group', group, '--topic', topic];
    contains(await run('groups', ...remove), 'GroupSubscribedToTopicException');
    await member.stop('SIGKILL');
  },
  'tools-groups-reset-in-every-way': async (bench) => {
    const { run } = bench;
    const topic = await topicWith(bench, 8);
    const group = await groupOf(bench, topic, 8);
    const reset = ['--reset-offsets', '--group', group, '--execute'];
    const plan = file('plan', '');
    writeFileSync(plan, `${topic},0,3\n`);
    for (const [way, offset] of [
      [['--to-earliest'], '0'],
      [['--to-latest'], '8'],
      [['--to-offset', '5'], '5'],
      [['--shift-by', '-2'], '3'],
      [['--shift-by', '4'], '7'],
      [['--to-current'], '7'],
      [['--to-offset', '99'], '8'],
      [['--to-datetime', '2020-01-01T00:00:00.000'], '0'],
      [['--to-datetime', '2099-01-01T00:00:00.000'], '8'],
      [['--by-duration', 'PT1H'], '0'],
    ] as const) {
      const text = await run('groups', ...reset, '--topic', `${topic}:0`, ...way);
      equal([way, rows(text, group, topic)], [way, [['0', offset]]]);
    }
    const planned = await run('groups', ...reset, '--from-file', plan);
    equal(rows(planned, group, topic), [['0', '3']]);
    const dry = ['--reset-offsets', '--group', group, '--all-topics', '--to-latest', '--dry-run'];
    equal(rows(await run('groups', ...dry), group, topic), [['0', '8']]);
    equal(lines(await run('groups', ...dry, '--export')).at(-1), `${topic},0,8`);
    const text = await run('groups', '--describe', '--group', group);
    equal(rows(text, group, topic), [['0', '3', '8', '5', '-', '-', '-']]);
  },
};

const settings: Readonly<Record<string, Play>> = {
  'tools-configs-of-topics-and-brokers': async (bench) => {
    const { run, fails } = bench;
    const topic = await topicWith(bench, 0);
    const of = (type: string, name: string) => ['--entity-type', type, '--entity-name', name];
    const add = ['--add-config', 'retention.ms=5000,cleanup.policy=[compact,delete]'];
    const altered = await run('configs', '--alter', ...of('topics', topic), ...add);
    contains(altered, `Completed updating config for topic ${topic}.`);
    const text = await run('configs', '--describe', ...of('topics', topic));
    contains(
      text,
      'cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:' +
        'cleanup.policy=compact,delete, DEFAULT_CONFIG:log.cleanup.policy=delete}',
      'retention.ms=5000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=5000}',
    );
    const remove = ['--delete-config', 'retention.ms'];
    await run('configs', '--alter', ...of('topics', topic), ...remove);
    equal((await run('configs', '--describe', ...of('topics', topic))).includes('5000'), false);
    const broker = of('brokers', '1');
    contains(await run('configs', '--describe', ...broker), 'Dynamic configs for broker 1 are:');
    contains(await run('configs', '--describe', ...broker, '--all'), 'num.partitions=');
    const refused = await fails(
      'configs',
      '--alter',
      ...broker,
      '--add-config',
      'num.partitions=3',
    );
    contains(refused, 'Cannot update these configs dynamically: [num.partitions]');
  },
  'tools-configs-of-a-broker-that-runs': async (bench) => {
    const { run } = bench;
    const topic = await topicWith(bench, 0);
    const broker = ['--entity-type', 'brokers', '--entity-name', '1'];
    const every = ['--entity-type', 'brokers', '--entity-default'];
    const alter = (...words: string[]) => run('configs', '--alter', ...words);
    const describe = (...words: string[]) => run('configs', '--describe', ...words);
    const retention = 'log.retention.ms';
    const add = (value: number) => ['--add-config', `${retention}=${value}`];
    const told = await alter(...every, ...add(600_000_000));
    contains(told, 'Completed updating default config for brokers in the cluster.');
    contains(await alter(...broker, ...add(500_000_000)), 'Completed updating config for broker 1');
    const ofAll = `DYNAMIC_DEFAULT_BROKER_CONFIG:${retention}=600000000`;
    contains(
      await describe(...every),
      `${retention}=600000000 sensitive=false synonyms={${ofAll}}`,
    );
    const synonyms =
      `{DYNAMIC_BROKER_CONFIG:${retention}=500000000, ${ofAll}, ` +
      'DEFAULT_CONFIG:log.retention.hours=168}';
    const own = `${retention}=500000000 sensitive=false synonyms=${synonyms}`;
    contains(await describe(...broker), own);
    const ofTopic = await describe('--entity-type', 'topics', '--entity-name', topic, '--all');
    contains(ofTopic, `  retention.ms=500000000 sensitive=false synonyms=${synonyms}`);
    contains(await run('topics', '--describe', '--topic', topic), 'retention.ms=500000000');
    await alter(...broker, '--delete-config', retention);
    equal((await describe(...broker)).includes('DYNAMIC_BROKER_CONFIG'), false);
    await alter(...every, '--delete-config', retention);
    equal((await describe(...every)).includes(retention), false);
  },
  'tools-configs-of-users-and-clients': async ({ run, fails }) => {
    const name = unique('alice');
    const user = ['--entity-type', 'users', '--entity-name', name];
    const alter = (...change: string[]) => run('configs', '--alter', ...user, ...change);
    const describe = (...entity: string[]) => run('configs', '--describe', ...entity);
    await alter('--add-config', 'producer_byte_rate=1024,request_percentage=12.5');
    await alter('--add-config', 'SCRAM-SHA-256=[iterations=8192,password=secret]');
    const text = await describe(...user);
    contains(text, 'request_percentage=12.5', 'producer_byte_rate=1024.0');
    contains(text, `SCRAM credential configs for user-principal '${name}' are SCRAM-SHA-256=`);
    contains(text, 'iterations=8192');
    await alter('--delete-config', 'SCRAM-SHA-256');
    await alter('--delete-config', 'producer_byte_rate');
    const left = `Quota configs for user-principal '${name}' are request_percentage=12.5`;
    equal((await describe(...user)).trim(), left);
    const weak = 'SCRAM-SHA-512=[iterations=100,password=secret]';
    await fails('configs', '--alter', ...user, '--add-config', weak);
    await fails('configs', '--alter', ...user, '--add-config', 'nonsense=1');
    const client = ['--entity-type', 'clients', '--entity-name', unique('client')];
    await run('configs', '--alter', ...client, '--add-config', 'consumer_byte_rate=2048');
    contains(await describe(...client), 'are consumer_byte_rate=2048.0');
    const both = [...user, ...client];
    await run('configs', '--alter', ...both, '--add-config', 'controller_mutation_rate=0.5');
    contains(await describe(...both), 'are controller_mutation_rate=0.5');
    const address = ['--entity-type', 'ips', '--entity-name', '10.0.0.9'];
    await run('configs', '--alter', ...address, '--add-config', 'connection_creation_rate=20');
    contains(
      await describe('--entity-type', 'ips'),
      "ip '10.0.0.9' are connection_creation_rate=20",
    );
    await run('configs', '--alter', ...address, '--delete-config', 'connection_creation_rate');
  },
  'tools-configs-of-groups-and-metrics': async ({ run, fails }) => {
    const group = ['--entity-type', 'groups', '--entity-name', unique('workers')];
    const [session] = ['consumer.session.timeout.ms'];
    await run('configs', '--alter', ...group, '--add-config', `${session}=50000`);
    contains(
      await run('configs', '--describe', ...group),
      `${session}=50000 sensitive=false synonyms={DYNAMIC_GROUP_CONFIG:${session}=50000, ` +
        `DEFAULT_CONFIG:group.${session}=45000}`,
    );
    const tooLong = await fails('configs', '--alter', ...group, '--add-config', `${session}=99999`);
    contains(tooLong, 'must be in the range 45000 to 60000 inclusive.');
    const name = unique('subscription');
    const what = ['--metrics', 'org.apache.kafka.consumer.', '--interval', '5000'];
    const match = ['--match', 'client_id=a.*'];
    await run('clientMetrics', '--alter', '--name', name, ...what, ...match);
    const text = await run('clientMetrics', '--describe', '--name', name);
    contains(text, 'interval.ms=5000', 'match=client_id=a.*', 'metrics=org.apache.kafka.consumer.');
    includes(lines(await run('clientMetrics', '--list')), name);
    await run('clientMetrics', '--delete', '--name', name);
    equal((await run('clientMetrics', '--list')).includes(name), false);
  },
};

const cluster: Readonly<Record<string, Play>> = {
  'tools-cluster-and-quorum': async ({ run }) => {
    const [, id] = /Cluster ID: (\S{22})/.exec(await run('cluster', 'cluster-id'))!;
    contains(await run('cluster', 'list-endpoints'), 'unfenced   broker');
    const status = await run('quorum', 'describe', '--status');
    contains(status, `ClusterId:              ${id}`, 'LeaderId:               1');
    contains(status, 'MaxFollowerLag:         0', 'CurrentObservers:       []');
    equal(
      rows(await run('quorum', 'describe', '--replication'), '1')
        .at(0)
        ?.at(-1),
      'Leader',
    );
    contains(await run('versions'), 'DescribeTopicPartitions(75): 0 [usable: 0]');
  },
  'tools-features': async ({ run, fails }) => {
    const feature = 'transaction.version';
    const text = await run('features', 'describe');
    equal(/Feature: transaction\.version .* FinalizedVersionLevel: 2/.test(text), true);
    equal(/Feature: metadata\.version .* FinalizedVersionLevel: .*33/.test(text), true);
    const lower = ['downgrade', '--feature', 'metadata.version=25', '--dry-run'];
    contains(await fails('features', ...lower), 'Can not downgrade metadata.version to 25.');
    const same = ['upgrade', '--feature', `${feature}=2`, '--dry-run'];
    contains(await run('features', ...same), `${feature} can be upgraded to 2.`);
    const strange = await fails('features', 'upgrade', '--feature', 'nonsense.version=2');
    contains(
      strange,
      'Could not upgrade nonsense.version to 2.',
      '1 out of 1 operation(s) failed.',
    );
  },
  'tools-leaders-and-reassignments': async (bench) => {
    const { run, fails } = bench;
    const topic = await topicWith(bench, 0);
    const elect = ['--election-type', 'preferred', '--topic', topic, '--partition'];
    const elected = await run('leaderElection', ...elect, '0');
    contains(elected, `Valid replica already elected for partitions ${topic}-0`);
    await run('leaderElection', '--election-type', 'preferred', '--all-topic-partitions');
    contains(await fails('leaderElection', ...elect, '9'), `No such partition as ${topic}-9`);
    const move = (broker: number) => {
      const partitions = [{ topic, partition: 0, replicas: [broker] }];
      return ['--reassignment-json-file', file('move', { version: 1, partitions })];
    };
    const begun = await run('reassign', ...move(1), '--execute');
    contains(begun, `Successfully started partition reassignment for ${topic}-0`);
    const verified = await run('reassign', ...move(1), '--verify');
    contains(verified, `Reassignment of partition ${topic}-0 is completed.`);
    contains(await fails('reassign', ...move(2), '--execute'), 'Unknown broker id 2');
    const cancelled = await run('reassign', ...move(1), '--cancel');
    contains(cancelled, 'None of the specified partition reassignments are active.');
    contains(await run('reassign', '--list'), 'No partition reassignments found.');
    const wanted = file('topics', { version: 1, topics: [{ topic }] });
    const generate = ['--topics-to-move-json-file', wanted, '--broker-list', '1', '--generate'];
    contains(await run('reassign', ...generate), 'Proposed partition reassignment configuration');
  },
  'tools-acls': async ({ fails }) => {
    const entry = ['--allow-principal', 'User:a', '--operation', 'Read', '--topic', 'orders'];
    for (const args of [['--list'], ['--add', ...entry], ['--remove', '--force', ...entry]]) {
      contains(await fails('acls', ...args), 'SecurityDisabledException: No Authorizer');
    }
  },
};

export const administration = { ...topics, ...groups, ...settings, ...cluster };
