import { describe, expect, it } from 'vitest';
import type { Env } from '../../src/runtime/worker-objects.ts';
import { Weather, workerObjects } from '../../src/runtime/worker-objects.ts';

/**
 * Namespaces whose objects answer, or fail, as the script says; a stub that failed stays broken.
 */
class Platform {
  readonly calls: string[] = [];
  stubs = 0;
  #script: unknown[] = [];

  readonly objects = workerObjects({
    PARTITION: this.#namespace('partition'),
    GROUP_COORDINATOR: this.#namespace('group'),
    TRANSACTION_COORDINATOR: this.#namespace('transaction'),
    CLUSTER_CONTROLLER: this.#namespace('controller'),
    REST_CONSUMER: this.#namespace('consumer'),
  } as unknown as Env);

  /** What the next calls come to: an Error is thrown. */
  script(...outcomes: unknown[]): this {
    this.#script = outcomes;
    return this;
  }

  #namespace(kind: string) {
    return {
      idFromName: (name: string) => name,
      get: (name: string) => {
        this.stubs++;
        let broken: Error | undefined;
        const call = async (what: string) => {
          this.calls.push(`${what} ${kind} ${name}`);
          const outcome = broken ?? this.#script.shift();
          if (!(outcome instanceof Error)) return outcome;
          broken = outcome;
          throw outcome;
        };
        return { call };
      },
    };
  }
}

const failure = (flags: object = {}) => Object.assign(new Error('the line was cut'), flags);
const everything = { names: null, topicIds: null };

describe('objects over stubs', () => {
  it('have the names everybody agrees on', async () => {
    const { objects, calls } = new Platform().script({}, {}, {}, {});
    await objects.partition('the-topic-id', 3).call('drop', {});
    await objects.group('readers').call('listGroup', { groupId: 'readers' });
    await objects.transaction('x').call('describeTransaction', { transactionalId: 'x' });
    await objects.controller().call('listGroups', {});
    expect(calls).toEqual([
      'drop partition the-topic-id:3',
      'listGroup group readers',
      'describeTransaction transaction x',
      'listGroups controller cluster',
    ]);
  });

  it('keep one stub, so that calls arrive in order, until it breaks', async () => {
    const platform = new Platform().script(1, 2, failure(), 3);
    const controller = platform.objects.controller();
    await controller.call('getTopics', everything);
    await controller.call('getTopics', everything);
    expect(platform.stubs).toBe(1);
    await expect(controller.call('getTopics', everything)).rejects.toThrow(Weather);
    expect(await controller.call('getTopics', everything)).toBe(3);
    expect(platform.stubs).toBe(2);
  });

  it('turn what the platform throws into weather', async () => {
    const cause = failure({ overloaded: true });
    const { objects } = new Platform().script(cause);
    const error = await objects
      .controller()
      .call('getTopics', everything)
      .catch((e) => e);
    expect(error).toBeInstanceOf(Weather);
    expect(error).toMatchObject({ message: 'the line was cut', overloaded: true, cause });
  });

  it('ask again, once, when that helps and does no harm', async () => {
    const platform = new Platform().script(failure({ retryable: true }), 'answer');
    expect(await platform.objects.controller().call('getTopics', everything)).toBe('answer');
    platform.script(failure({ retryable: true }), failure({ retryable: true }), 'too late');
    const again = platform.objects.controller().call('getTopics', everything);
    await expect(again).rejects.toThrow(Weather);
    expect(platform.calls).toHaveLength(4);
  });

  it.each([
    ['the call may not be repeated', 'createTopics', { retryable: true }],
    ['the platform does not ask for it', 'getTopics', {}],
    ['the object has too much to do', 'getTopics', { retryable: true, overloaded: true }],
  ] as const)('do not ask again when %s', async (_why, kind, flags) => {
    const platform = new Platform().script(failure(flags), 'answer');
    const command = { ...everything, topics: [], validateOnly: false };
    await expect(platform.objects.controller().call(kind, command)).rejects.toThrow(Weather);
    expect(platform.calls).toHaveLength(1);
  });

  it('do not take a bug of ours for weather', async () => {
    const unsendable = new DOMException('a function could not be cloned', 'DataCloneError');
    const { objects } = new Platform().script(unsendable);
    const error = await objects
      .controller()
      .call('getTopics', everything)
      .catch((e) => e);
    expect(error).toBe(unsendable);
  });

  it('keep calls to a partition in order across a stub that was thrown away', async () => {
    const answers = new Map<string, PromiseWithResolvers<unknown>>();
    const call = (_kind: string, { timestamp }: { timestamp: number }) => {
      const answer = Promise.withResolvers<unknown>();
      answers.set(`at ${timestamp}`, answer);
      return answer.promise;
    };
    const namespace = { idFromName: (name: string) => name, get: () => ({ call }) };
    const partition = workerObjects({ PARTITION: namespace } as unknown as Env).partition('t', 0);
    const ask = (timestamp: number) =>
      partition.call('listOffset', { timestamp, currentLeaderEpoch: -1, isolationLevel: 0 });
    const slow = ask(1);
    const refused = ask(2);
    answers.get('at 2')!.reject(failure({ overloaded: true }));
    await expect(refused).rejects.toThrow(Weather);
    const behind = [ask(3), ask(4)];
    await Promise.resolve();
    expect([...answers.keys()]).toEqual(['at 1', 'at 2']);
    answers.get('at 1')!.resolve('first');
    expect(await slow).toBe('first');
    await Promise.resolve();
    expect([...answers.keys()]).toEqual(['at 1', 'at 2', 'at 3', 'at 4']);
    answers.get('at 3')!.resolve('third');
    answers.get('at 4')!.resolve('fourth');
    expect(await Promise.all(behind)).toEqual(['third', 'fourth']);
  });
});
