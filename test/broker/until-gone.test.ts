import { describe, expect, it } from 'vitest';
import { untilGone } from '../../src/broker/until-gone.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';

const never = new Promise<never>(() => {});

describe('waiting for an answer', () => {
  it('is over with the answer, or with what went wrong', async () => {
    const { signal } = new AbortController();
    expect(await untilGone(Promise.resolve(1), signal)).toBe(1);
    await expect(untilGone(Promise.reject(new Error('lost')), signal)).rejects.toThrow('lost');
  });

  it('is over when the client leaves, or had left before', async () => {
    const client = new AbortController();
    const waiting = untilGone(never, client.signal);
    client.abort();
    const gone = { code: ErrorCode.NETWORK_EXCEPTION };
    await expect(waiting).rejects.toMatchObject(gone);
    await expect(untilGone(never, client.signal)).rejects.toMatchObject(gone);
  });
});
