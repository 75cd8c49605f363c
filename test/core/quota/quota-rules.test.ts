import { describe, expect, it } from 'vitest';
import type { QuotaEntity } from '../../../src/core/cluster/client-quotas.ts';
import { QuotaRules, QuotaType } from '../../../src/core/quota/quota-rules.ts';

const { PRODUCE, FETCH, CONNECTION } = QuotaType;
/** From the most specific to the least, as Kafka looks. */
const places: QuotaEntity[] = [
  { user: 'alice', 'client-id': 'shop' },
  { user: 'alice', 'client-id': null },
  { user: 'alice' },
  { user: null, 'client-id': 'shop' },
  { user: null, 'client-id': null },
  { user: null },
  { 'client-id': 'shop' },
  { 'client-id': null },
];
const rulesOf = (entities: readonly QuotaEntity[]) =>
  new QuotaRules(
    entities.map((entity) => ({ entity, values: { [PRODUCE]: 1 + places.indexOf(entity) } })),
  );

describe('the quota of a client', () => {
  it('is the most specific one', () => {
    for (let first = 0; first < places.length; first++) {
      const rules = rulesOf(places.slice(first));
      expect(rules.ofClient(PRODUCE, 'alice', 'shop')?.limit).toBe(first + 1);
    }
    expect(rulesOf([]).ofClient(PRODUCE, 'alice', 'shop')).toBeUndefined();
  });

  it('is that of the type', () => {
    const rules = rulesOf(places);
    expect(rules.isFree(PRODUCE)).toBe(false);
    expect(rules.isFree(FETCH)).toBe(true);
    expect(rules.ofClient(FETCH, 'alice', 'shop')).toBeUndefined();
  });

  it.each([
    [{ user: 'alice' }, true, false],
    [{ user: null }, true, false],
    [{ 'client-id': null }, false, true],
    [{ user: 'alice', 'client-id': null }, false, false],
    [{ user: null, 'client-id': 'shop' }, false, false],
  ])('of %j is shared as its kind is', (entity, byClientsOfOne, byUsersOfOne) => {
    const rules = new QuotaRules([{ entity, values: { [PRODUCE]: 5 } }]);
    const keyOf = (user: string, clientId: string) => rules.ofClient(PRODUCE, user, clientId)?.key;
    const key = keyOf('alice', 'shop');
    expect(key).toBeDefined();
    expect(keyOf('alice', 'shop')).toBe(key);
    expect(keyOf('alice', 'till') === key).toBe(byClientsOfOne);
    expect(keyOf('bob', 'shop') === key).toBe(byUsersOfOne);
  });

  it('of an address is its own or the default, for each by itself', () => {
    const rules = new QuotaRules([
      { entity: { ip: '10.0.0.1' }, values: { [CONNECTION]: 1 } },
      { entity: { ip: null }, values: { [CONNECTION]: 2 } },
    ]);
    expect(rules.ofAddress(CONNECTION, '10.0.0.1')?.limit).toBe(1);
    const [one, other] = ['10.0.0.2', '10.0.0.3'].map((ip) => rules.ofAddress(CONNECTION, ip));
    expect([one?.limit, other?.limit, one?.key === other?.key]).toEqual([2, 2, false]);
  });
});
