/**
 * What is left of somebody's rights who may read some topics and nothing else. The surprise: to
 * describe a topic is part of reading it, as in Kafka.
 */
import { AclOperation, AclResourceType } from '../protocol/acl.ts';
import type { Authorizer } from './authorizer.ts';

const allowed: ReadonlySet<number> = new Set([AclOperation.READ, AclOperation.DESCRIBE]);

export function onlyReading(rights: Authorizer, topics: readonly string[]): Authorizer {
  const isAmong = (operation: AclOperation, type: AclResourceType) =>
    type === AclResourceType.TOPIC && allowed.has(operation);
  return {
    allowsAll: false,
    may: async (operation, type, name) =>
      isAmong(operation, type) && topics.includes(name) && rights.may(operation, type, name),
    mayToAny: async (operation, type) => {
      if (!isAmong(operation, type)) return false;
      const may = await Promise.all(topics.map((name) => rights.may(operation, type, name)));
      return may.includes(true);
    },
  };
}
