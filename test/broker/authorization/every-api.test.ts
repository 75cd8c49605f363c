import { describe, expect, it } from 'vitest';
import { apis } from '../../../src/protocol/apis/index.ts';
import { shareFetch } from '../../../src/protocol/apis/share-fetch.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { Api } from '../../../src/protocol/schema.ts';
import { throughBytes } from '../through-bytes.ts';
import { adminRows } from './admin-rows.ts';
import { clientRows } from './client-rows.ts';
import { alice, furnishedCluster, type GuardedCluster, type Right } from './guarded-cluster.ts';
import type { Row } from './row.ts';

const rows = [...clientRows, ...adminRows];

const denied: Readonly<Record<string, number>> = {
  TOPIC: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  GROUP: ErrorCode.GROUP_AUTHORIZATION_FAILED,
  CLUSTER: ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  TRANSACTIONAL_ID: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
};
const anyDenied: readonly number[] = Object.values(denied);

/** Every error code in an answer. */
function codesIn(answer: unknown): number[] {
  if (typeof answer !== 'object' || answer === null || answer instanceof Uint8Array) return [];
  return Object.entries(answer).flatMap(([key, value]) =>
    /errorCode$/i.test(key) ? [value as number] : codesIn(value),
  );
}

/** They change nothing, and their answers are not passed on. */
const lookUps: ReadonlySet<string> = new Set([
  'getTopics',
  'getAcls',
  'findGroups',
  'findTransactionalIds',
  'listGroups',
  'listTransactionalIds',
  'describeResourceConfigs',
]);

function isLookUp(call: string): boolean {
  const [place, kind] = call.split(' ');
  return place === 'controller' && lookUps.has(kind);
}

/** Some calls are made all the same, with nothing in them. */
function isEffective(call: string): boolean {
  return /orders|readers|payments|news|moderns|sharers|former|"(user|name)":/.test(call);
}

function apiNamed(name: string): Api {
  return apis.find((api) => api.name === name)!;
}

/** What came of asking with these rights: the codes, the text, and the calls that did something. */
async function ask(row: Row, version: number, rights: readonly Right[], cluster: GuardedCluster) {
  const topicId = await cluster.topicId('orders');
  const connect = cluster.connect(alice);
  if (row.api === 'ShareAcknowledge') await openSession(cluster, connect, topicId);
  await cluster.onlyAllow(rights);
  cluster.calls.length = 0;
  const request = row.request({ version, topicId });
  const context = connect(version);
  const answer = await throughBytes(apiNamed(row.api), request as never, context);
  context.watches.closeAll();
  const calls = cluster.calls.filter((call) => !isLookUp(call));
  return { codes: codesIn(answer), text: JSON.stringify(answer), calls, topicId };
}

/** The connection's, while it might still do so; the ACLs are looked up again after that. */
async function openSession(
  cluster: GuardedCluster,
  connect: ReturnType<GuardedCluster['connect']>,
  topicId: string,
): Promise<void> {
  await cluster.onlyAllow([
    ['READ', 'GROUP', 'sharers'],
    ['READ', 'TOPIC', 'orders'],
  ]);
  const topics = [{ topicId, partitions: [{ partitionIndex: 0, acknowledgementBatches: [] }] }];
  const context = connect(1);
  await throughBytes(shareFetch, { groupId: 'sharers', memberId: 'two', topics }, context);
  context.acls!.changed();
}

const cases = rows.flatMap((row) => {
  const [first, last] = row.versions ?? apiNamed(row.api).versions;
  const versions = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return versions.map((version) => ({ row, version, name: [row.api, row.about].join(' ').trim() }));
});
const guarded = cases.filter(({ row }) => row.open === undefined);
const waysIn = ({ rights, orRights = [] }: Row): readonly (readonly Right[])[] =>
  rights ? [rights] : orRights;

describe('every API', () => {
  it('has a row', () => {
    const known = new Set(rows.map(({ api }) => api));
    expect(apis.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([]);
  });

  it.each(guarded)('$name v$version lets nobody in without rights', async ({ row, version }) => {
    using cluster = await furnishedCluster();
    const { codes, text, calls } = await ask(row, version, [], cluster);
    if (row.hides) expect(text).not.toContain(row.hides);
    else if (row.api === 'DescribeLogDirs' && version < 3) expect(text).not.toContain('orders');
    else expect(codes.filter((code) => anyDenied.includes(code))).not.toEqual([]);
    expect(calls.filter(isEffective)).toEqual([]);
  });

  it.each(guarded)('$name v$version misses each right', async ({ row, version }) => {
    for (const way of waysIn(row).filter(({ length }) => length > 1)) {
      for (const missing of way) {
        using cluster = await furnishedCluster();
        const others = way.filter((right) => right !== missing);
        const { codes, calls, topicId } = await ask(row, version, others, cluster);
        const [operation, type, name] = missing;
        if (operation === 'DESCRIBE_CONFIGS' && version < 5) continue;
        // Who may not create topics in the cluster may not create this one.
        const code = operation === 'CREATE' ? denied.TOPIC : denied[type];
        expect(codes, missing.join(' ')).toContain(code);
        if (operation === 'DESCRIBE_CONFIGS' || row.api.endsWith('GroupDescribe')) continue;
        const touches = (call: string) =>
          type === 'CLUSTER'
            ? isEffective(call)
            : call.includes(name) || (type === 'TOPIC' && call.includes(topicId));
        expect(calls.filter(touches)).toEqual([]);
      }
    }
  });

  it.each(guarded)('$name v$version needs no more than its rights', async ({ row, version }) => {
    for (const way of waysIn(row)) {
      using cluster = await furnishedCluster();
      const { codes, text } = await ask(row, version, way, cluster);
      expect(codes.filter((code) => anyDenied.includes(code))).toEqual([]);
      if (row.hides) expect(text).toContain(row.hides);
    }
  });

  it.each(cases.filter(({ row }) => row.open))('$name v$version is for all', async (one) => {
    using cluster = await furnishedCluster();
    const { codes } = await ask(one.row, one.version, [], cluster);
    expect(codes.filter((code) => anyDenied.includes(code))).toEqual([]);
  });
});
