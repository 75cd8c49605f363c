import { describe, expect, it } from 'vitest';
import {
  alteredConfigs,
  ConfigOperation,
  sameConfigs,
} from '../../../src/core/cluster/altered-configs.ts';
import type { ConfigChange } from '../../../src/core/cluster/commands.ts';
import { topicLists } from '../../../src/core/cluster/topic-configs.ts';

const { SET, DELETE, APPEND, SUBTRACT } = ConfigOperation;
const policy = 'cleanup.policy';
const replicas = 'leader.replication.throttled.replicas';

function change(name: string, operation: number, value: string | null = null): ConfigChange {
  return { name, operation, value };
}

function altered(current: Record<string, string>, ...changes: ConfigChange[]) {
  return alteredConfigs(current, { replaces: false, changes }, topicLists);
}

describe('a change of configs', () => {
  it('sets and deletes what is named and leaves the rest', () => {
    const current = { 'retention.ms': '5', 'segment.ms': '6' };
    const changes = [change('retention.ms', SET, ' 7 '), change('segment.ms', DELETE, 'ignored')];
    expect(altered(current, ...changes)).toEqual({ 'retention.ms': ' 7 ' });
    expect(current).toEqual({ 'retention.ms': '5', 'segment.ms': '6' });
    expect(altered({}, change('nonsense', DELETE))).toEqual({});
  });

  it('as a replacement forgets what is not named', () => {
    const current = { 'retention.ms': '5', 'segment.ms': '6' };
    const changes = [change('max.message.bytes', SET, '9')];
    expect(alteredConfigs(current, { replaces: true, changes }, topicLists)).toEqual({
      'max.message.bytes': '9',
    });
  });

  it.each<[string | undefined, number, string, string]>([
    [undefined, APPEND, 'compact', 'delete,compact'],
    ['compact', APPEND, 'compact', 'compact'],
    ['compact', APPEND, 'delete,compact,', 'compact,delete'],
    [undefined, SUBTRACT, 'delete', ''],
    ['compact,delete', SUBTRACT, 'delete', 'compact'],
    ['compact', SUBTRACT, 'delete', 'compact'],
    ['', APPEND, 'delete', 'delete'],
  ])('%s, operation %i of %s: %s', (current, operation, value, expected) => {
    const configs: Record<string, string> = current === undefined ? {} : { [policy]: current };
    expect(altered(configs, change(policy, operation, value))).toEqual({ [policy]: expected });
  });

  it('compares items of a list with their blanks', () => {
    const current = { [replicas]: '0:1, 1:1' };
    expect(altered(current, change(replicas, SUBTRACT, '1:1'))).toEqual(current);
    expect(altered(current, change(replicas, SUBTRACT, ' 1:1'))).toEqual({ [replicas]: '0:1' });
  });

  it.each([
    ['retention.ms', APPEND, "Can't APPEND to key retention.ms because its type is not LIST."],
    ['nonsense', SUBTRACT, "Can't SUBTRACT to key nonsense because its type is not LIST."],
  ])('of %s refuses operation %i', (name, operation, message) => {
    expect(() => altered({}, change(name, operation, '1'))).toThrow(message);
  });

  it('takes the names of an object for what they are', () => {
    const configs = altered({}, change('__proto__', SET, 'x'), change('constructor', SET, 'y'));
    expect(Object.keys(configs)).toEqual(['__proto__', 'constructor']);
  });
});

describe('configs', () => {
  it('are the same whatever their order', () => {
    expect(sameConfigs({ a: '1', b: '2' }, { b: '2', a: '1' })).toBe(true);
    expect(sameConfigs({ a: '1' }, { a: '2' })).toBe(false);
    expect(sameConfigs({ a: '1' }, { b: '1' })).toBe(false);
    expect(sameConfigs({ a: '1' }, { a: '1', b: '2' })).toBe(false);
  });
});
