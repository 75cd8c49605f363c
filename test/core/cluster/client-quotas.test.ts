import { describe, expect, it } from 'vitest';
import type { QuotaEntity, QuotaFilter } from '../../../src/core/cluster/client-quotas.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { Cluster } from './test-cluster.ts';

type Values = Readonly<Record<string, number | null>>;

/** A quota without a value is removed. */
function change(entity: QuotaEntity, values: Values) {
  const ops = Object.entries(values).map(([key, value]) => ({
    key,
    value: value ?? 0,
    remove: value === null,
  }));
  return { entity, ops };
}

function alter(cluster: Cluster, ...alterations: ReturnType<typeof change>[]) {
  const command = { alterations, validateOnly: false };
  return cluster.call('alterClientQuotas', command).entries.map(({ errorCode }) => errorCode);
}

function all(cluster: Cluster, filter: Partial<QuotaFilter> = {}) {
  return cluster.call('describeClientQuotas', { components: [], strict: false, ...filter });
}

const component = (entityType: string, matchType: number, match: string | null = null) => ({
  entityType,
  matchType,
  match,
});

const { INVALID_REQUEST, NONE, UNSUPPORTED_VERSION } = ErrorCode;

describe('quotas', () => {
  it('are set, changed and removed, and survive', () => {
    const cluster = new Cluster();
    const alice = { user: 'alice' };
    expect(
      alter(cluster, change(alice, { producer_byte_rate: 5, request_percentage: 0.5 })),
    ).toEqual([NONE]);
    expect(
      alter(cluster, change(alice, { producer_byte_rate: null, consumer_byte_rate: 7 })),
    ).toEqual([NONE]);
    cluster.restart();
    const values = { request_percentage: 0.5, consumer_byte_rate: 7 };
    expect(all(cluster).entries).toEqual([{ entity: alice, values }]);
    const gone = { request_percentage: null, consumer_byte_rate: null, nonsense: null };
    expect(alter(cluster, change(alice, gone))).toEqual([NONE]);
    expect(all(cluster).entries).toEqual([]);
    cluster.restart();
    expect(all(cluster).entries).toEqual([]);
  });

  it('belong to an entity whatever the order of its types', () => {
    const cluster = new Cluster();
    alter(cluster, change({ user: 'a', 'client-id': 'b' }, { producer_byte_rate: 5 }));
    alter(cluster, change({ 'client-id': 'b', user: 'a' }, { producer_byte_rate: 6 }));
    expect(all(cluster).entries.map(({ values }) => values)).toEqual([{ producer_byte_rate: 6 }]);
  });

  it('of an entity that is named twice are those of the first time, and an error', () => {
    const cluster = new Cluster();
    const twice = [7, 8].map((value) => change({ user: 'a' }, { request_percentage: value }));
    expect(alter(cluster, ...twice)).toEqual([INVALID_REQUEST]);
    expect(all(cluster).entries[0].values).toEqual({ request_percentage: 7 });
  });

  it.each<[QuotaEntity, Values, number]>([
    [{ user: null }, { controller_mutation_rate: 1 }, NONE],
    [{ user: 'a', 'client-id': null }, { producer_byte_rate: 1 }, NONE],
    [{ ip: '10.0.0.1' }, { connection_creation_rate: 1 }, NONE],
    [{ ip: '2001:db8::1' }, { connection_creation_rate: 1 }, NONE],
    [{ ip: null }, { connection_creation_rate: 1 }, NONE],
    [{ user: 'a' }, {}, NONE],
    [{}, { producer_byte_rate: 1 }, INVALID_REQUEST],
    [{ user: '' }, { producer_byte_rate: 1 }, INVALID_REQUEST],
    [{ group: 'g' }, { producer_byte_rate: 1 }, INVALID_REQUEST],
    [{ ip: '10.0.0.1', user: 'a' }, { connection_creation_rate: 1 }, INVALID_REQUEST],
    [{ ip: '10.0.0.256' }, { connection_creation_rate: 1 }, INVALID_REQUEST],
    [{ ip: 'localhost' }, { connection_creation_rate: 1 }, INVALID_REQUEST],
    [{ ip: '10.0.0.1' }, { connection_creation_rate: 2 ** 31 }, INVALID_REQUEST],
    [{ ip: '10.0.0.1' }, { producer_byte_rate: 1 }, INVALID_REQUEST],
    [{ user: 'a' }, { connection_creation_rate: 1 }, INVALID_REQUEST],
    [{ user: 'a' }, { producer_byte_rate: 1.5 }, INVALID_REQUEST],
    [{ user: 'a' }, { producer_byte_rate: 2 ** 64 }, INVALID_REQUEST],
    [{ user: 'a' }, { producer_byte_rate: 0 }, INVALID_REQUEST],
    [{ user: 'a' }, { request_percentage: Number.NaN }, INVALID_REQUEST],
    [{ user: 'a' }, { producer_byte_rate: 1, constructor: 1 }, INVALID_REQUEST],
  ])('of %o as %o answer %d', (entity, values, errorCode) => {
    const cluster = new Cluster();
    expect(alter(cluster, change(entity, values))).toEqual([errorCode]);
    const isKept = errorCode === NONE && Object.keys(values).length > 0;
    expect(all(cluster).entries).toEqual(isKept ? [{ entity, values }] : []);
  });
});

describe('a filter of quotas', () => {
  const entities: QuotaEntity[] = [
    { user: 'a' },
    { user: 'b' },
    { user: null },
    { user: 'a', 'client-id': 'c' },
    { 'client-id': 'c' },
  ];

  it.each<[Partial<QuotaFilter>, number[]]>([
    [{}, [0, 1, 2, 3, 4]],
    [{ strict: true }, []],
    [{ components: [component('user', 0, 'a')] }, [0, 3]],
    [{ components: [component('user', 0, 'a')], strict: true }, [0]],
    [{ components: [component('user', 1)] }, [2]],
    [{ components: [component('user', 2)] }, [0, 1, 2, 3]],
    [{ components: [component('user', 2), component('client-id', 0, 'c')] }, [3]],
    [{ components: [component('ip', 2)] }, []],
  ])('%o finds %o', (filter, found) => {
    const cluster = new Cluster();
    alter(cluster, ...entities.map((entity) => change(entity, { producer_byte_rate: 1 })));
    const entries = all(cluster, filter).entries.map(({ entity }) => entity);
    expect(entries).toEqual(found.map((i) => entities[i]));
  });

  it.each<[QuotaFilter['components'], number]>([
    [[component('', 2)], INVALID_REQUEST],
    [[component('group', 2)], UNSUPPORTED_VERSION],
    [[component('user', 0)], INVALID_REQUEST],
    [[component('user', 1, 'x')], INVALID_REQUEST],
    [[component('user', 2, 'x')], INVALID_REQUEST],
    [[component('user', 3)], INVALID_REQUEST],
    [[component('user', 2), component('user', 1)], INVALID_REQUEST],
    [[component('user', 2), component('ip', 2)], INVALID_REQUEST],
  ])('%o is refused with %d', (components, errorCode) => {
    const answer = all(new Cluster(), { components });
    expect(answer).toMatchObject({ errorCode, entries: [] });
  });
});
