/** A cluster that may have only so many topics, partitions and groups. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { Cluster, topicOf } from './test-cluster.ts';

const { NONE, POLICY_VIOLATION } = ErrorCode;

describe('a cluster with limits', () => {
  let cluster: Cluster;

  beforeEach(() => {
    cluster = new Cluster();
    cluster.limits = { maxTopics: 3, maxPartitions: 10, maxGroups: 2 };
    cluster.restart();
  });

  const codes = (results: readonly { readonly errorCode: number }[]) =>
    results.map(({ errorCode }) => errorCode);

  it('has so many topics, also where one request asks for more', () => {
    const names = ['a', 'b', 'c', 'd'].map((name) => ({ name }));
    const results = cluster.create(...names);
    expect(codes(results)).toEqual([NONE, NONE, NONE, POLICY_VIOLATION]);
    expect(results[3].errorMessage).toBe(
      'The cluster may have 3 topics in all. Delete some, or raise KEDGE_MAX_TOPICS.',
    );
    expect(codes(cluster.create({ name: 'e' }))).toEqual([POLICY_VIOLATION]);
    cluster.call('deleteTopics', { topics: [{ name: 'a', topicId: ZERO_UUID }] });
    expect(codes(cluster.create({ name: 'e' }))).toEqual([NONE]);
  });

  it('says that a topic exists before it says that there is no room', () => {
    cluster.create({ name: 'a' }, { name: 'b' }, { name: 'c' });
    expect(codes(cluster.create({ name: 'c' }))).toEqual([ErrorCode.TOPIC_ALREADY_EXISTS]);
  });

  it('has so many partitions, of new topics and of topics that grow', () => {
    const made = cluster.create({ name: 'a', numPartitions: 8 }, { name: 'b', numPartitions: 3 });
    expect(codes(made)).toEqual([NONE, POLICY_VIOLATION]);
    expect(made[1].errorMessage).toContain('raise KEDGE_MAX_PARTITIONS');
    expect(codes(cluster.create({ name: 'b', numPartitions: -1 }))).toEqual([POLICY_VIOLATION]);
    const grow = (count: number) => {
      const topics = [{ name: 'a', count, assignments: null }];
      return codes(cluster.call('createPartitions', { topics, validateOnly: false }).topics);
    };
    expect(grow(11)).toEqual([POLICY_VIOLATION]);
    expect(grow(10)).toEqual([NONE]);
  });

  it('takes nothing for what is refused or only validated', () => {
    const topics = [topicOf({ name: 'a', numPartitions: 10 })];
    for (let time = 0; time < 3; time++) {
      expect(codes(cluster.call('createTopics', { topics, validateOnly: true }).topics)).toEqual([
        NONE,
      ]);
    }
    expect(codes(cluster.create({ name: '', numPartitions: 10 }, topics[0]))).toEqual([
      ErrorCode.INVALID_TOPIC_EXCEPTION,
      NONE,
    ]);
  });

  it('has so many groups; who is known may announce itself again', () => {
    const register = (groupId: string) => cluster.call('registerGroup', { groupId }).errorCode;
    expect(['g', 'h', 'i', 'g'].map(register)).toEqual([NONE, NONE, POLICY_VIOLATION, NONE]);
    cluster.call('unregisterGroup', { groupId: 'g' });
    expect(register('i')).toBe(NONE);
    expect(cluster.call('listGroups', {}).groupIds).toEqual(['h', 'i']);
  });

  it('keeps what there was when the limits are made smaller', () => {
    cluster.create({ name: 'a', numPartitions: 5 }, { name: 'b', numPartitions: 5 });
    cluster.limits = { maxTopics: 1, maxPartitions: 1, maxGroups: 0 };
    cluster.restart();
    expect(cluster.get('a', 'b').map(({ name }) => name)).toEqual(['a', 'b']);
    expect(codes(cluster.create({ name: 'c' }))).toEqual([POLICY_VIOLATION]);
  });
});
