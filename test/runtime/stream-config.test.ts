import { expect, it } from 'vitest';
import { streamMaxAgeMsFrom } from '../../src/runtime/stream-config.ts';

it('lets a stream last for an hour, or as long as it is told', () => {
  expect(streamMaxAgeMsFrom({})).toBe(3_600_000);
  expect(streamMaxAgeMsFrom({ KEDGE_STREAM_MAX_AGE_MS: '1000' })).toBe(1_000);
});

it.each(['', '999', '1e9', '5.5', 'long'])('refuses %s', (KEDGE_STREAM_MAX_AGE_MS) => {
  expect(() => streamMaxAgeMsFrom({ KEDGE_STREAM_MAX_AGE_MS })).toThrow('from 1000 to 86400000');
});
