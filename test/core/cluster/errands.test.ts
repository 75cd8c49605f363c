import { describe, expect, it } from 'vitest';
import type { TopicView } from '../../../src/core/cluster/commands.ts';
import type { ErrandKind } from '../../../src/core/cluster/errands.ts';
import { Errands, errandRetryMs, secondRoundMs } from '../../../src/core/cluster/errands.ts';

const topic: TopicView = { name: 'orders', topicId: 'id', partitions: 3, configs: {} };
const altered = { ...topic, configsVersion: 2 };

function replay(errands: Errands, ...rows: { key: string; value: unknown }[]): void {
  for (const { key, value } of rows) {
    const [kind, topicId] = key.split(':');
    errands.replay(kind as ErrandKind, topicId, value);
  }
}

describe('news of a deleted topic', () => {
  it('is told once', () => {
    const errands = new Errands();
    replay(errands, errands.begin('drop', topic));
    const drop = { kind: 'drop' as const, topicId: 'id', version: 0 };
    expect(errands.due(5)).toEqual([{ ...drop, partitions: 3, told: 0 }]);
    replay(errands, ...errands.report({ ...drop, told: 3 }, 5));
    expect(errands.due(5)).toEqual([]);
  });

  it('goes on from where the first rows of this kind left it', () => {
    const errands = new Errands();
    errands.replay('drop', 'id', { partitions: 3, dropped: 1 });
    expect(errands.due(0)).toMatchObject([{ partitions: 3, told: 1, version: 0 }]);
  });
});

describe('news of configs', () => {
  const news = { kind: 'configure' as const, topicId: 'id', version: 2 };

  it('is told again when no gateway can remember the old ones', () => {
    const errands = new Errands();
    errands.hurry(1_000);
    replay(errands, errands.begin('configure', altered));
    expect(errands.deadline).toBe(1_000);
    replay(errands, ...errands.report({ ...news, told: 2 }, 1_000));
    expect(errands.due(1_000)).toEqual([{ ...news, partitions: 3, told: 2 }]);
    replay(errands, ...errands.report({ ...news, told: 3 }, 2_000));
    const notBefore = 2_000 + secondRoundMs;
    expect(errands.due(2_001)).toEqual([]);
    expect(errands.deadline).toBe(notBefore);

    expect(errands.due(notBefore)).toEqual([{ ...news, partitions: 3, told: 0, notBefore }]);
    replay(errands, ...errands.report({ ...news, told: 1 }, notBefore));
    expect(errands.due(notBefore)).toEqual([{ ...news, partitions: 3, told: 1, notBefore }]);
    replay(errands, ...errands.report({ ...news, told: 3 }, notBefore));
    expect(errands.due(Number.MAX_SAFE_INTEGER)).toEqual([]);
    expect(errands.deadline).toBeUndefined();
  });

  it('begins anew when there is newer news, and reports of the older change nothing', () => {
    const errands = new Errands();
    replay(errands, errands.begin('configure', altered));
    replay(errands, ...errands.report({ ...news, told: 2 }, 0));
    replay(errands, errands.begin('configure', { ...altered, configsVersion: 3 }));
    expect(errands.report({ ...news, told: 3 }, 0)).toEqual([]);
    expect(errands.due(0)).toEqual([{ ...news, version: 3, partitions: 3, told: 0 }]);
  });

  it('is forgotten with its topic', () => {
    const errands = new Errands();
    expect(errands.abandon('configure', 'id')).toEqual([]);
    replay(errands, errands.begin('configure', altered));
    replay(errands, ...errands.abandon('configure', 'id'));
    expect(errands.due(0)).toEqual([]);
    expect(errands.report({ ...news, told: 3 }, 0)).toEqual([]);
  });

  it('that waits for its second round does not hold up other news', () => {
    const errands = new Errands();
    errands.woken(0);
    replay(errands, errands.begin('configure', altered));
    replay(errands, ...errands.report({ ...news, told: 3 }, 0));
    replay(errands, errands.begin('drop', { ...topic, topicId: 'other' }));
    errands.delay(10);
    expect(errands.deadline).toBe(10 + errandRetryMs);
    expect(errands.due(10)).toEqual([]);
    expect(errands.due(10 + errandRetryMs)).toMatchObject([{ kind: 'drop' }]);
  });
});
