import { describe, expect, it } from 'vitest';
import type { Acl } from '../../src/core/acl-rules.ts';
import { AclRules } from '../../src/core/acl-rules.ts';
import {
  AclOperation,
  AclPattern,
  AclPermission,
  AclResourceType,
} from '../../src/protocol/acl.ts';

type Operation = keyof typeof AclOperation;
type Type = keyof typeof AclResourceType;

/** `allow User:alice READ TOPIC orders`, a name with `…` at its end being a prefix. */
function entry(text: string, host = '*'): Acl {
  const [permission, principal, operation, type, name] = text.split(' ');
  const isPrefixed = name.endsWith('…');
  return {
    resourceType: AclResourceType[type as Type],
    resourceName: isPrefixed ? name.slice(0, -1) : name,
    patternType: isPrefixed ? AclPattern.PREFIXED : AclPattern.LITERAL,
    principal,
    host,
    operation: AclOperation[operation as Operation],
    permissionType: permission === 'deny' ? AclPermission.DENY : AclPermission.ALLOW,
  };
}

const alice = { principal: 'User:alice', host: '10.0.0.1' };

function may(acls: readonly Acl[], question: string, otherwise = false, asker = alice): boolean {
  const [operation, type, name] = question.split(' ');
  const rules = new AclRules(acls);
  const [op, kind] = [AclOperation[operation as Operation], AclResourceType[type as Type]];
  return name === undefined
    ? rules.allowForAny(asker, op, kind, otherwise)
    : rules.allow(asker, op, kind, name, otherwise);
}

const entries = (...texts: readonly string[]) => texts.map((text) => entry(text));

describe('what is allowed', () => {
  it.each<[question: string, expected: boolean, ...entries: string[]]>([
    ['READ TOPIC orders', false],
    ['READ TOPIC orders', true, 'allow User:alice READ TOPIC orders'],
    ['READ TOPIC orders', true, 'allow User:* READ TOPIC orders'],
    ['READ TOPIC orders', false, 'allow User:bob READ TOPIC orders'],
    ['READ TOPIC orders', false, 'allow Group:alice READ TOPIC orders'],
    ['READ TOPIC orders', false, 'allow User:alice READ TOPIC order'],
    ['READ TOPIC order', false, 'allow User:alice READ TOPIC orders'],
    ['READ TOPIC orders', false, 'allow User:alice READ GROUP orders'],
    ['READ TOPIC orders', true, 'allow User:alice READ TOPIC *'],
    ['READ TOPIC *', true, 'allow User:alice READ TOPIC *'],
    ['READ TOPIC orders', true, 'allow User:alice READ TOPIC ord…'],
    ['READ TOPIC orders', true, 'allow User:alice READ TOPIC orders…'],
    ['READ TOPIC orders', false, 'allow User:alice READ TOPIC orders-…'],
    // A prefix of one star is no wildcard.
    ['READ TOPIC orders', false, 'allow User:alice READ TOPIC *…'],
    ['READ TOPIC *orders', true, 'allow User:alice READ TOPIC *…'],
    ['WRITE TOPIC orders', true, 'allow User:alice ALL TOPIC orders'],
    ['TWO_PHASE_COMMIT TRANSACTIONAL_ID t', true, 'allow User:alice ALL TRANSACTIONAL_ID t'],
    ['TWO_PHASE_COMMIT TRANSACTIONAL_ID t', false, 'allow User:alice WRITE TRANSACTIONAL_ID t'],
    ['CREATE_TOKENS USER User:bob', true, 'allow User:alice CREATE_TOKENS USER User:bob'],
    ['DESCRIBE DELEGATION_TOKEN id', true, 'allow User:alice DESCRIBE DELEGATION_TOKEN id'],
  ])('%s: %s', (question, expected, ...texts) => {
    expect(may(entries(...texts), question)).toBe(expected);
  });

  it.each(['READ', 'WRITE', 'DELETE', 'ALTER', 'DESCRIBE', 'ALL'])('%s is to DESCRIBE', (said) => {
    expect(may(entries(`allow User:alice ${said} TOPIC t`), 'DESCRIBE TOPIC t')).toBe(true);
  });

  it.each(['CREATE', 'ALTER_CONFIGS', 'DESCRIBE_CONFIGS', 'CLUSTER_ACTION'])(
    '%s is not to DESCRIBE',
    (said) => {
      expect(may(entries(`allow User:alice ${said} TOPIC t`), 'DESCRIBE TOPIC t')).toBe(false);
    },
  );

  it('ALTER_CONFIGS is to DESCRIBE_CONFIGS, and ALTER is not', () => {
    const question = 'DESCRIBE_CONFIGS TOPIC t';
    expect(may(entries('allow User:alice ALTER_CONFIGS TOPIC t'), question)).toBe(true);
    expect(may(entries('allow User:alice ALTER TOPIC t'), question)).toBe(false);
  });
});

describe('what is denied', () => {
  it.each<[question: string, ...entries: string[]]>([
    ['READ TOPIC t', 'deny User:alice READ TOPIC t', 'allow User:alice READ TOPIC t'],
    ['READ TOPIC t', 'deny User:alice READ TOPIC *', 'allow User:alice ALL TOPIC t'],
    ['READ TOPIC t1', 'deny User:alice READ TOPIC t…', 'allow User:alice READ TOPIC t1'],
    ['READ TOPIC t', 'deny User:* ALL TOPIC *', 'allow User:alice READ TOPIC t'],
    ['READ TOPIC t', 'deny User:* READ TOPIC t', 'allow User:alice READ TOPIC *'],
  ])('%s although it is allowed as well', (question, ...texts) => {
    expect(may(entries(...texts), question)).toBe(false);
    expect(may(entries(...texts.toReversed()), question)).toBe(false);
  });

  it('implies nothing', () => {
    const acls = entries('deny User:alice READ TOPIC t', 'allow User:alice WRITE TOPIC t');
    expect(may(acls, 'DESCRIBE TOPIC t')).toBe(true);
    expect(may(acls, 'WRITE TOPIC t')).toBe(true);
    const described = [...acls, entry('deny User:alice DESCRIBE TOPIC t')];
    expect(may(described, 'DESCRIBE TOPIC t')).toBe(false);
    expect(may(described, 'WRITE TOPIC t')).toBe(true);
  });

  it('is only denied to those it names, at the hosts it names', () => {
    const acls = [
      entry('deny User:bob READ TOPIC t'),
      entry('deny User:alice READ TOPIC t', '10.9.0.0/16'),
      entry('allow User:* READ TOPIC t', '10.0.0.0/8'),
    ];
    expect(may(acls, 'READ TOPIC t')).toBe(true);
    expect(may(acls, 'READ TOPIC t', false, { ...alice, host: '10.9.1.1' })).toBe(false);
    expect(may(acls, 'READ TOPIC t', false, { ...alice, host: '11.0.0.1' })).toBe(false);
    expect(may(acls, 'READ TOPIC t', false, { ...alice, principal: 'User:bob' })).toBe(false);
  });
});

describe('what no entry speaks of', () => {
  it('is as the deployment says', () => {
    expect(may([], 'READ TOPIC t', true)).toBe(true);
    expect(may(entries('allow User:bob READ GROUP t'), 'READ TOPIC t', true)).toBe(true);
    expect(may(entries('allow User:bob READ TOPIC other'), 'READ TOPIC t', true)).toBe(true);
  });

  it.each(['t', '*', 't…', '…'])('is another thing once there is an entry for %s', (name) => {
    expect(may(entries(`allow User:bob WRITE TOPIC ${name}`), 'READ TOPIC t', true)).toBe(false);
  });
});

describe('whether there is any', () => {
  it.each<[question: string, expected: boolean, ...entries: string[]]>([
    ['WRITE TOPIC', false],
    ['WRITE TOPIC', true, 'allow User:alice WRITE TOPIC t'],
    ['WRITE TOPIC', true, 'allow User:alice ALL TOPIC t'],
    ['WRITE TOPIC', true, 'allow User:* WRITE TOPIC t…'],
    ['WRITE TOPIC', true, 'allow User:alice WRITE TOPIC *'],
    ['WRITE TOPIC', false, 'allow User:alice READ TOPIC t'],
    ['WRITE TOPIC', false, 'allow User:alice WRITE GROUP t'],
    ['WRITE TOPIC', false, 'allow User:bob WRITE TOPIC t'],
    ['WRITE TOPIC', false, 'allow User:alice WRITE TOPIC t', 'deny User:alice WRITE TOPIC t'],
    ['WRITE TOPIC', false, 'allow User:alice WRITE TOPIC t', 'deny User:alice ALL TOPIC *'],
    ['WRITE TOPIC', false, 'allow User:alice WRITE TOPIC t1', 'deny User:* WRITE TOPIC t…'],
    ['WRITE TOPIC', false, 'allow User:alice WRITE TOPIC t1…', 'deny User:alice WRITE TOPIC t…'],
    ['WRITE TOPIC', true, 'allow User:alice WRITE TOPIC t…', 'deny User:alice WRITE TOPIC t1…'],
    ['WRITE TOPIC', true, 'allow User:alice WRITE TOPIC t…', 'deny User:alice WRITE TOPIC t'],
    // What is implied does not count.
    ['DESCRIBE TOPIC', false, 'allow User:alice WRITE TOPIC t'],
  ])('%s: %s', (question, expected, ...texts) => {
    expect(may(entries(...texts), question)).toBe(expected);
  });

  it('is so where what no entry speaks of is allowed', () => {
    expect(may([], 'WRITE TOPIC', true)).toBe(true);
    expect(may(entries('deny User:alice WRITE TOPIC *'), 'WRITE TOPIC', true)).toBe(false);
  });
});
