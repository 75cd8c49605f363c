import { describe, expect, it } from 'vitest';
import {
  collisionKey,
  isInternalTopic,
  topicNameProblem,
} from '../../../src/core/cluster/topic-names.ts';

const long = 'x'.repeat(250);

describe('topic names', () => {
  it.each(['orders', 'a', '0', 'a.b-c_D9', '...', '-', '__consumer_offsets', 'x'.repeat(249)])(
    'accepts %s',
    (name) => {
      expect(topicNameProblem(name)).toBeUndefined();
    },
  );

  it.each([
    ['', 'Topic name is invalid: the empty string is not allowed'],
    ['.', "Topic name is invalid: '.' is not allowed"],
    ['..', "Topic name is invalid: '..' is not allowed"],
    [
      long,
      `Topic name is invalid: the length of '${long}' is longer than the max allowed length 249`,
    ],
    [
      'a b',
      "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ],
  ])("refuses '%s'", (name, problem) => {
    expect(topicNameProblem(name)).toBe(problem);
  });

  it.each(['a\n', 'ä', 'a/b', 'a:b', 'a\0', '😀'])('refuses the character in %j', (name) => {
    expect(topicNameProblem(name)).toContain('other than ASCII alphanumerics');
  });

  it('sees that a dot and an underscore collide, and a dash does not', () => {
    expect(collisionKey('a.b_c')).toBe(collisionKey('a_b.c'));
    expect(collisionKey('a-b')).toBeUndefined();
  });

  it('knows the topics Kafka keeps for itself', () => {
    expect(isInternalTopic('__consumer_offsets')).toBe(true);
    expect(isInternalTopic('__transaction_state')).toBe(true);
    expect(isInternalTopic('__share_group_state')).toBe(true);
    expect(isInternalTopic('__mine')).toBe(false);
  });
});
