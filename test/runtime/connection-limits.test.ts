import { expect, it } from 'vitest';
import { connectionLimitsFrom } from '../../src/runtime/connection-limits.ts';

it.each([
  [{}, 9_000, 10_000],
  [{ KEDGE_CALLS_PER_CONNECTION: '', KEDGE_REQUESTS_PER_CONNECTION: '' }, 9_000, 10_000],
  [{ KEDGE_CALLS_PER_CONNECTION: '40', KEDGE_REQUESTS_PER_CONNECTION: '50' }, 40, 50],
  [{ KEDGE_CALLS_PER_CONNECTION: '0', KEDGE_REQUESTS_PER_CONNECTION: '0' }, Infinity, Infinity],
])('%j', (variables, calls, requests) => {
  expect(connectionLimitsFrom(variables)).toEqual({ calls, requests });
});

it.each(['abc', '-1', '1.5', '1e3', 'Infinity'])('%s is no limit that could be kept', (text) => {
  for (const name of ['KEDGE_CALLS_PER_CONNECTION', 'KEDGE_REQUESTS_PER_CONNECTION']) {
    expect(() => connectionLimitsFrom({ [name]: text })).toThrow(`${name} must be a whole number`);
  }
});
