import { expect, it } from 'vitest';
import { page } from './page.ts';

const docs = page('docs/http.md#rest-v3', {
  // Everybody may do everything here, and still there are ACLs.
  kedge: {
    env: {
      KAFKA_AUTHORIZER_CLASS_NAME: 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      KAFKA_SUPER_USERS: 'User:ANONYMOUS',
    },
  },
});

/** What the blocks answer, without what finds the cluster. */
const answers = async (block: string) => (await docs.answers('v3-cluster', block)).slice(1);

it('finds the cluster', async () => {
  const [cluster] = await docs.answers('v3-cluster');
  expect(cluster).toMatchObject({ kind: 'KafkaCluster' });
});

it('makes a topic, grows it and configures it', async () => {
  const [created, grown, config] = await answers('v3-topics');
  expect(created).toMatchObject({ kind: 'KafkaTopic', topic_name: 'drinks', partitions_count: 2 });
  expect(grown).toMatchObject({ topic_name: 'drinks', partitions_count: 4 });
  expect(config).toMatchObject({ value: '86400000', source: 'DYNAMIC_TOPIC_CONFIG' });
});

it('produces one record, a stream of them, and a batch', async () => {
  const [one, ...others] = await answers('v3-records');
  expect(one).toMatchObject({
    error_code: 200,
    key: { type: 'STRING', size: 1 },
    value: { type: 'JSON', size: 14 },
  });
  expect(others.slice(0, 3).map(({ error_code }) => error_code)).toEqual([200, 200, 200]);
  expect(others.slice(3)).toMatchObject([{ successes: [{ id: 'first' }], failures: [] }]);
});

it('says how far behind a group is', async () => {
  const post = (path: string, body: object) =>
    fetch(`${docs.kedge.url}/rest/consumers/kitchen${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.kafka.v2+json' },
      body: JSON.stringify(body),
    });
  await post('', { name: 'cook', 'auto.offset.reset': 'earliest' });
  await post('/instances/cook/subscription', { topics: ['orders'] });
  await fetch(`${docs.kedge.url}/rest/consumers/kitchen/instances/cook/records?timeout=100`);
  await fetch(`${docs.kedge.url}/rest/consumers/kitchen/instances/cook/offsets`, {
    method: 'POST',
  });
  await docs.shell('v3-cluster', 'v3-records');
  const [groups, consumers, lag, offsets] = await answers('v3-groups');
  expect(groups.data).toMatchObject([{ consumer_group_id: 'kitchen', state: 'STABLE' }]);
  expect(consumers.data).toMatchObject([{ kind: 'KafkaConsumer', client_id: 'cook' }]);
  expect(lag).toMatchObject({ total_lag: 5, max_lag_topic_name: 'orders' });
  expect(offsets).toMatchObject({ earliest_offset: 0, latest_offset: expect.any(Number) });
});

it('creates, finds and deletes an ACL', async () => {
  const [found, deleted] = await answers('v3-acls');
  expect(found.data).toMatchObject([{ kind: 'KafkaAcl', principal: 'User:alice' }]);
  expect(deleted.data).toEqual(found.data);
});
