import { describe, expect, it } from 'vitest';
import { isHostIn, rangeProblem } from '../../src/core/host-ranges.ts';

describe('the hosts of an entry', () => {
  it.each([
    ['10.1.2.3', '*', true],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.4', false],
    ['10.1.2.3', '10.1.0.0/16', true],
    ['10.2.2.3', '10.1.0.0/16', false],
    ['10.1.2.3', '10.1.2.3/32', true],
    ['10.1.2.2', '10.1.2.3/32', false],
    ['10.1.2.2', '10.1.2.3/31', true],
    ['200.1.2.3', '0.0.0.0/0', true],
    // The first and the last address of a range are in it.
    ['10.1.0.0', '10.1.0.0/16', true],
    ['10.1.255.255', '10.1.0.0/16', true],
    ['2001:db8::1', '2001:db8::/32', true],
    ['2001:db9::1', '2001:db8::/32', false],
    ['2001:db8:0:0:0:0:0:1', '2001:db8::1', true],
    ['::1', '0:0:0:0:0:0:0:1', true],
    ['::2', '::1', false],
    ['::ffff:10.1.2.3', '10.1.0.0/16', true],
    ['10.1.2.3', '::/0', false],
    ['::1', '0.0.0.0/0', false],
    ['kedge.test', 'kedge.test', true],
    ['kedge.test', '10.0.0.0/8', false],
    ['', '10.0.0.0/8', false],
  ])('%s is in %s: %s', (host, hosts, expected) => {
    expect(isHostIn(host, hosts)).toBe(expected);
  });
});

describe('a range', () => {
  it.each(['10.0.0.0/8', '0.0.0.0/0', '1.2.3.4/32', '2001:db8::/32', '::/0', '::1/128'])(
    'may be %s',
    (range) => {
      expect(rangeProblem(range)).toBeUndefined();
    },
  );

  it.each([
    ['10.0.0.0/33', 'Value [33] not in range [0,32]'],
    ['10.0.0.256/8', 'Value [256] not in range [0,255]'],
    ['10.0.0/8', 'Could not parse [10.0.0/8]'],
    ['host/8', 'Could not parse [host/8]'],
    ['10.0.0.0/', 'Could not parse [10.0.0.0/]'],
    ['2001:db8::/x', 'Could not parse [2001:db8::/x] - invalid prefix length'],
    ['::1/129', 'Could not parse [::1/129] - prefix length must be between 0 and 128'],
    ['1:2:3/64', 'Could not parse [1:2:3]'],
    ['1::2::3/64', 'Could not parse [1::2::3]'],
    ['12345::/16', 'Could not parse [12345::]'],
    ['::ffff:1.2.3.4/96', 'Could not parse [::ffff:1.2.3.4] - not an IPv6 address'],
  ])('may not be %s', (range, problem) => {
    expect(rangeProblem(range)).toBe(problem);
  });
});
