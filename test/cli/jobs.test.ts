/** What is looked after from the command line: topics, groups, settings, quotas, the cluster. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Consumer, Producer } from '../../src/client/index.ts';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { type Cli, cliWith } from './in-process.ts';

let kedge: Kedge;
let home: string;
let cli: Cli;

beforeAll(async () => {
  kedge = await spawnKedge();
  home = mkdtempSync(join(tmpdir(), 'kedge-cli-'));
  cli = cliWith({ XDG_CONFIG_HOME: home, KEDGE_BOOTSTRAP: kedge.bootstrapServers });
});
afterAll(async () => {
  await kedge.stop();
  rmSync(home, { recursive: true, force: true });
});

async function produce(topic: string, count: number, partition = 0): Promise<void> {
  await using producer = new Producer(kedge.url);
  const records = Array.from({ length: count }, (_, index) => ({ value: `${index}`, partition }));
  await producer.send(topic, records);
}

describe('kedge topic', () => {
  it('creates, and leaves what is there', async () => {
    const created = await cli('topic create orders -p 3 --config retention.ms=60000');
    expect(created).toEqual({ code: 0, out: 'orders is created.\n', err: '' });
    expect(await cli('topic create orders')).toEqual({
      ...{ code: 1, out: '' },
      err: "kedge: Topic 'orders' already exists. (TOPIC_ALREADY_EXISTS)\n",
    });
    expect(await cli.json('topic create orders --if-not-exists')).toEqual([
      { name: 'orders', created: false },
    ]);
    expect(await cli.json('topic create later --dry-run')).toMatchObject([{ created: false }]);
    expect(await cli.json('topic list')).toEqual([
      { name: 'orders', partitions: 3, replicationFactor: 1, isInternal: false },
    ]);
    expect((await cli('topic list')).out).toBe(
      'TOPIC   PARTITIONS  REPLICAS\norders           3         1\n',
    );
  });

  it('describes partitions, offsets, sizes and settings', async () => {
    await produce('orders', 5, 1);
    const [topic, ...others] = await cli.json('topic describe orders');
    expect(others).toEqual([]);
    expect(topic).toMatchObject({
      ...{ name: 'orders', replicationFactor: 1, configs: { 'retention.ms': '60000' } },
      partitions: [
        { partition: 0, leader: 1, replicas: [1], isr: [1], earliest: 0, latest: 0 },
        { partition: 1, earliest: 0, latest: 5, bytes: expect.any(Number) },
        { partition: 2 },
      ],
    });
    const { out } = await cli('topic describe');
    expect(out).toMatch(/^Settings {8}retention\.ms=60000$/m);
    expect(out).toMatch(/^ +1 +1 +1 +1 +0 +5 +\d+ B$/m);
  });

  it('alters, trims and deletes', async () => {
    expect((await cli('topic alter orders')).code).toBe(2);
    const alter = 'topic alter orders --partitions 4 --config segment.ms=600000';
    expect(await cli(`${alter} --delete-config retention.ms`)).toMatchObject({ code: 0 });
    const [topic] = await cli.json('topic describe orders');
    expect(topic).toMatchObject({ configs: { 'segment.ms': '600000' } });
    expect(topic.partitions).toHaveLength(4);
    const trimmed = await cli.json('topic trim orders --before-offset 3 --partition 1');
    expect(trimmed).toEqual([{ topic: 'orders', partition: 1, earliest: 3 }]);
    const all = await cli.json('topic trim orders --all');
    expect(all.map(({ earliest }: { earliest: number }) => earliest)).toEqual([0, 5, 0, 0]);
    expect((await cli('topic trim orders --before-offset 3')).code).toBe(2);
    expect(await cli('topic delete orders nothing')).toMatchObject({
      ...{ code: 1, err: "kedge: there is no topic 'nothing'.\n" },
    });
    expect(await cli.json('topic delete orders nothing --if-exists')).toEqual([
      { name: 'orders', deleted: true },
      { name: 'nothing', deleted: false },
    ]);
    expect(await cli.json('topic list')).toEqual([]);
  });

  it('suggests the topic that was meant', async () => {
    await cli('topic create payments');
    expect((await cli('topic describe paymnets')).err).toBe(
      "kedge: there is no topic 'paymnets'; did you mean 'payments'?\n",
    );
    await cli('topic delete payments');
  });
});

describe('kedge group', () => {
  it('shows offsets and lag, and resets them', async () => {
    await cli('topic create orders -p 2');
    await produce('orders', 10);
    const look = await cli.json('group reset-offsets shop -t orders --to-latest --dry-run');
    expect(look).toEqual([
      { topic: 'orders', partition: 0, before: null, after: 10 },
      { topic: 'orders', partition: 1, before: null, after: 0 },
    ]);
    expect(await cli.json('group list')).toEqual([]);
    await cli('group reset-offsets shop --topic orders --to-offset 4');
    expect(await cli.json('group list')).toEqual([
      { groupId: 'shop', type: expect.stringMatching(/classic/i), state: 'Empty' },
    ]);
    expect(await cli.json('group describe shop')).toMatchObject([
      {
        ...{ groupId: 'shop', state: 'Empty', members: [], lag: 6 },
        offsets: [
          { topic: 'orders', partition: 0, committed: 4, latest: 10, lag: 6, memberId: null },
          { topic: 'orders', partition: 1, committed: 0, latest: 0, lag: 0 },
        ],
      },
    ]);
    expect((await cli('group describe shop')).out).toMatch(/^orders +0 +4 +10 +6 +-$/m);
  });

  it.each([
    ['--shift-by -3', 1],
    ['--shift-by -30', 0],
    ['--to-earliest', 0],
    ['--to-latest', 10],
    ['--to-offset 99', 10],
    ['--to-datetime 2020-01-01T00:00:00Z', 0],
    ['--by-duration 1h', 0],
    ['--to-datetime 2100-01-01', 10],
  ])('resets %s', async (how, after) => {
    await cli('group reset-offsets shop --topic orders:0 --to-offset 4');
    const rows = await cli.json(`group reset-offsets shop --topic orders:0 ${how}`);
    expect(rows).toEqual([{ topic: 'orders', partition: 0, before: 4, after }]);
  });

  it('shows members, and does not reset what they read', async () => {
    const consumer = new Consumer(kedge.url, { groupId: 'live', clientId: 'kitchen' });
    consumer.subscribe('orders');
    await consumer.poll({ maxWaitMs: 3_000 });
    const [group] = await cli.json('group describe live');
    expect(group).toMatchObject({ type: expect.stringMatching(/consumer/i), state: 'Stable' });
    expect(group.members).toMatchObject([{ clientId: 'kitchen' }]);
    expect(group.members[0].assignment).toHaveLength(2);
    expect((await cli('group describe live')).out).toMatch(/kitchen +\S+ +2$/m);
    expect(await cli('group reset-offsets live -t orders --to-latest')).toMatchObject({
      ...{ code: 1, err: 'kedge: the group live has members (it is Stable): stop them first.\n' },
    });
    expect((await cli('group delete live')).err).toContain('(NON_EMPTY_GROUP)');
    const stable = await cli.json('group list --state stable --type consumer');
    expect(stable).toMatchObject([{ groupId: 'live' }]);
    await consumer.close();
  });

  it('forgets offsets and groups', async () => {
    expect((await cli('group delete-offsets shop orders')).code).toBe(0);
    expect(await cli.json('group delete live')).toEqual([{ groupId: 'live', deleted: true }]);
    expect((await cli('group describe live')).err).toMatch(/^kedge: there is no group 'live'/);
  });

  it.each([
    ['group reset-offsets shop --to-latest', 'say of what'],
    ['group reset-offsets shop --topic orders', 'say where to'],
    ['group reset-offsets shop --topic orders --to-latest --to-earliest', 'say where to, once'],
    ['group reset-offsets shop --topic orders:9 --to-latest', 'orders has no partition 9'],
    ['group reset-offsets shop --topic orders: --to-latest', '--topic must be topic or'],
    ['group reset-offsets --topic orders --to-latest', 'say which: <group>'],
    ['group describ', "did you mean 'describe'"],
  ])('%s is told what is wrong', async (line, why) => {
    const { code, out, err } = await cli(line);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(why);
    expect(err).toContain('Try: kedge group');
  });
});

describe('kedge config', () => {
  it('changes settings of a topic, and goes back to the defaults', async () => {
    const set = '--set max.message.bytes=2000000 --append cleanup.policy=compact';
    expect(await cli.json(`config alter --topic orders ${set}`)).toMatchObject([
      { name: 'cleanup.policy', value: 'delete,compact', source: 'topic', isDefault: false },
      { name: 'max.message.bytes', value: '2000000' },
    ]);
    await cli('config alter --topic orders --subtract cleanup.policy=delete');
    await cli('config alter --topic orders --unset max.message.bytes');
    expect((await cli('config describe --topic orders')).out).toMatch(
      /^NAME +VALUE +SET BY\ncleanup\.policy +compact +topic\n$/,
    );
    const all = await cli.json('config describe --topic orders --all');
    expect(all.length).toBeGreaterThan(20);
    expect(await cli.json('config delete --topic orders')).toEqual({ deleted: ['cleanup.policy'] });
    expect(await cli.json('config describe --topic orders')).toEqual([]);
  });

  it('sets quotas of users and clients', async () => {
    await cli('config alter --user alice --set producer_byte_rate=1000');
    await cli('config alter --user alice --client-id app --set consumer_byte_rate=2000');
    await cli('config alter --user-defaults --set request_percentage=50');
    expect(await cli.json('config describe --user alice')).toEqual([
      {
        ...{ name: 'producer_byte_rate', value: '1000', source: 'quota' },
        ...{ isDefault: false, isReadOnly: false },
      },
    ]);
    const { out } = await cli('config list');
    expect(out).toMatch(/^user alice +producer_byte_rate +1000$/m);
    expect(out).toMatch(/^user \(all others\) +request_percentage +50$/m);
    for (const who of ['--user alice', '--user alice --client-id app', '--user-defaults']) {
      await cli(`config delete ${who}`);
    }
    expect(await cli.json('config list')).toEqual([]);
  });

  it('sets what brokers and groups have', async () => {
    await cli('config alter --group shop --set consumer.session.timeout.ms=50000');
    await cli('config alter --broker-defaults --set log.retention.ms=100000');
    expect(await cli.json('config list')).toEqual([
      { of: 'all brokers', name: 'log.retention.ms', value: '100000' },
      { of: 'group shop', name: 'consumer.session.timeout.ms', value: '50000' },
    ]);
    await cli('config delete --group shop');
    await cli('config delete --broker-defaults log.retention.ms');
    const broker = await cli.json('config describe --broker 1 --all');
    expect(broker).toContainEqual(
      expect.objectContaining({ name: 'num.partitions', value: '1', isDefault: true }),
    );
  });

  it.each([
    ['config describe', 2, 'say whose'],
    ['config describe --topic a --group b', 2, 'several'],
    ['config describe --user a --ip b', 2, 'several'],
    ['config alter --topic orders', 2, 'say what is to change'],
    ['config alter --topic orders --set x', 2, '--set must be name=value'],
    ['config alter --user a --set producer_byte_rate=many', 2, 'must be a number'],
    ['config alter --topic orders --set nonsense=1', 1, '(INVALID_CONFIG)'],
    ['config describe --topic nothing', 1, '(UNKNOWN_TOPIC_OR_PARTITION)'],
  ])('%s ends with %i', async (line, code, why) => {
    const result = await cli(line);
    expect({ code: result.code, out: result.out }).toEqual({ code, out: '' });
    expect(result.err).toContain(why);
  });
});

describe('kedge cluster', () => {
  it('describes itself', async () => {
    expect(await cli.json('cluster describe')).toMatchObject({
      clusterId: expect.stringMatching(/^[\w-]{22}$/),
      controllerId: 1,
      brokers: [{ brokerId: 1, port: kedge.kafkaPort, isController: true }],
    });
    const byHttp = cliWith({ XDG_CONFIG_HOME: home, KEDGE_URL: kedge.url });
    expect(await byHttp.json('cluster describe')).toMatchObject({ controllerId: 1 });
  });
});
