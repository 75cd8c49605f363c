/** How many connections there may be: in all, from one address, and of one principal. */
import { describe, expect, it } from 'vitest';
import { anonymous } from '../../src/broker/authorizer.ts';
import { Connections } from '../../src/broker/connections.ts';
import { type BrokerConfig, defaultBrokerConfig } from '../../src/runtime/config.ts';

const connections = (config: Partial<BrokerConfig>) =>
  new Connections({ ...defaultBrokerConfig, ...config });
const user = (name: string) => ({ ...anonymous, name });

describe('connections', () => {
  it('are as many as come, unless somebody says how many', () => {
    const all = connections({});
    for (let count = 0; count < 1_000; count++) expect(all.enter('10.0.0.1')).toBeDefined();
    expect(all.count).toBe(1_000);
  });

  it('are so many in all', () => {
    const all = connections({ maxConnections: 2 });
    const first = all.enter('10.0.0.1');
    expect(all.enter(null)).toBeDefined();
    expect(all.enter('10.0.0.2')).toBeUndefined();
    first!.leave();
    expect(all.enter('10.0.0.2')).toBeDefined();
  });

  it('are so many from one address, with exceptions', () => {
    const all = connections({
      maxConnectionsPerIp: 1,
      maxConnectionsPerIpOverrides: '10.0.0.2:2,10.0.0.3:0,::1:3',
    });
    const count = (address: string) => {
      let entered = 0;
      while (all.enter(address) !== undefined) entered++;
      return entered;
    };
    expect(['10.0.0.1', '10.0.0.2', '10.0.0.3', '::1'].map(count)).toEqual([1, 2, 0, 3]);
    // Bindings have no address.
    expect(all.enter(null)).toBeDefined();
    expect(all.count).toBe(7);
  });

  it('are so many of one principal, whenever that is known', () => {
    const all = connections({ maxConnectionsPerPrincipal: 2 });
    const alice = user('alice');
    const place = all.enter('10.0.0.1')!;
    expect(place.belongsTo(alice)).toBe(true);
    expect(place.belongsTo(alice)).toBe(true);
    expect(all.enter('10.0.0.2', alice)).toBeDefined();
    expect(all.enter('10.0.0.3', alice)).toBeUndefined();
    expect(all.enter('10.0.0.3', user('bob'))).toBeDefined();
    const late = all.enter('10.0.0.4')!;
    expect(late.belongsTo(alice)).toBe(false);
    late.leave();
    expect(all.count).toBe(3);
    place.leave();
    expect(all.enter('10.0.0.3', alice)).toBeDefined();
  });

  it('leave nothing behind', () => {
    const all = connections({ maxConnections: 1, maxConnectionsPerIp: 1 });
    for (let time = 0; time < 100; time++) {
      const place = all.enter(`10.0.0.${time % 3}`, user(`u${time % 2}`));
      expect(place).toBeDefined();
      place!.leave();
    }
    expect(all.count).toBe(0);
  });
});
