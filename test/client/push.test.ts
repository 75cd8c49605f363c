import { describe, expect, it } from 'vitest';
import { type Batch, type PushBatch, verdictOf } from '../../src/client/push/batch.ts';

const message = (id: string) => ({
  id,
  timestamp: 1_000,
  body: id,
  attempts: 1,
  topic: 't',
  partition: 0,
  offset: 0,
  key: null,
  headers: [],
});
const batch: Batch = {
  id: 'x',
  subscription: 's',
  topic: 't',
  partition: 0,
  backlog: 7,
  messages: ['a', 'b', 'c'].map(message),
};
const said = async (handle: (batch: PushBatch<string>) => unknown) => {
  const { acks = [], retries = [], error } = await verdictOf(batch, handle);
  const again = retries.map(({ id, delaySeconds }) => id + (delaySeconds ?? ''));
  return `${acks.map(({ id }) => id).join('')}|${again.join(' ')}|${error ?? ''}`;
};

describe('what a handler says of a batch', () => {
  it.each<[string, (batch: PushBatch<string>) => unknown, string]>([
    ['nothing takes all', () => {}, 'abc||'],
    ['one again', ({ messages }) => messages[1].retry({ delaySeconds: 9 }), 'ac|b9|'],
    [
      'a retry after its ack changes nothing',
      ({ messages: [a] }) => {
        a.ack();
        a.retry();
      },
      'abc||',
    ],
    [
      'an ack after its retry changes nothing',
      ({ messages: [a] }) => {
        a.retry();
        a.ack();
      },
      'bc|a|',
    ],
    [
      'a second retry sets the delay',
      ({ messages: [a] }) => {
        a.retry({ delaySeconds: 1 });
        a.retry({ delaySeconds: 2 });
      },
      'bc|a2|',
    ],
    ['all again', (all) => all.retryAll({ delaySeconds: 3 }), '|a3 b3 c3|'],
    [
      'a message counts more than all',
      (all) => {
        all.messages[0].ack();
        all.retryAll();
      },
      'a|b c|',
    ],
    [
      'nor does all undo a retry',
      (all) => {
        all.messages[0].retry();
        all.ackAll();
      },
      'bc|a|',
    ],
    [
      'after all no ack counts',
      (all) => {
        all.retryAll();
        all.messages[0].ack();
      },
      '|a b c|',
    ],
    [
      'nor a retry after all was taken',
      (all) => {
        all.ackAll();
        all.messages[0].retry();
      },
      'abc||',
    ],
    [
      'the first word on all counts',
      (all) => {
        all.ackAll();
        all.retryAll();
      },
      'abc||',
    ],
  ])('%s', async (_name, handle, expected) => expect(await said(handle)).toBe(expected));

  it('of which it throws, only what was acknowledged is taken', async () => {
    const thrown = async ({ messages: [a, b] }: PushBatch<string>) => {
      a.ack();
      b.retry({ delaySeconds: 4 });
      throw new TypeError('no');
    };
    expect(await said(thrown)).toBe('a|b4 c|TypeError: no');
    expect(
      await said((all) => {
        all.ackAll();
        return Promise.reject('weather');
      }),
    ).toBe('abc||weather');
  });

  it('has what a handler of queues expects', async () => {
    await verdictOf<string>(batch, (handed) => {
      expect(handed.queue).toBe('t');
      expect(handed.messages[0].timestamp).toEqual(new Date(1_000));
      expect(handed.metadata.metrics).toEqual({ backlogCount: 7, backlogBytes: 0 });
    });
  });
});
