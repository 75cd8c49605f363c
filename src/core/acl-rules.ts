/**
 * Whether the entries let a client do something: the rules of Kafka's StandardAuthorizer. The
 * surprise: a resource that any entry speaks of is closed to whoever none of them names, even where
 * what no entry speaks of is open to everybody.
 *
 * Behaviour
 * - An entry that denies wins over all that allow.
 * - READ, WRITE, DELETE and ALTER allow DESCRIBE as well, ALTER_CONFIGS allows DESCRIBE_CONFIGS;
 *   what is denied implies nothing.
 * - ALL is every operation. `User:*` is everybody, the host `*` every host.
 */
import { AclOperation, AclPattern, AclPermission } from '../protocol/acl.ts';
import { isHostIn } from './host-ranges.ts';

/** One entry; the numbers are those of the wire. */
export interface Acl {
  readonly resourceType: number;
  readonly resourceName: string;
  /** One of AclPattern. */
  readonly patternType: number;
  /** `User:alice`, or `User:*` for everybody. */
  readonly principal: string;
  /** `*`, an address, or a range of them. */
  readonly host: string;
  readonly operation: number;
  /** One of AclPermission. */
  readonly permissionType: number;
}

/** Whom the entries speak of. */
export interface Asker {
  /** `User:alice` */
  readonly principal: string;
  /** An address. */
  readonly host: string;
}

/** Whoever does not see every topic, as a group keeps it in mind that looks for topics for it. */
export interface Reader extends Asker {
  /** Whether it may describe what no entry speaks of. */
  readonly otherwise: boolean;
}

const everybody = 'User:*';
const everyName = '*';
/** Kafka asks whether one could do it to a resource of this name, among others. */
const someName = 'hardcode';

const implied: ReadonlyMap<number, readonly number[]> = new Map([
  [
    AclOperation.DESCRIBE,
    [AclOperation.READ, AclOperation.WRITE, AclOperation.DELETE, AclOperation.ALTER],
  ],
  [AclOperation.DESCRIBE_CONFIGS, [AclOperation.ALTER_CONFIGS]],
]);

/** The entries of one type of resources. */
interface Entries {
  readonly literal: Map<string, Acl[]>;
  readonly prefixed: Map<string, Acl[]>;
  /** How long the prefixes are. */
  readonly lengths: Set<number>;
}

export class AclRules {
  readonly #byType = new Map<number, Entries>();

  constructor(acls: readonly Acl[]) {
    for (const acl of acls) {
      const { resourceType, resourceName, patternType } = acl;
      const made = { literal: new Map(), prefixed: new Map(), lengths: new Set<number>() };
      const entries = this.#byType.get(resourceType) ?? made;
      this.#byType.set(resourceType, entries);
      const isPrefixed = patternType === AclPattern.PREFIXED;
      if (isPrefixed) entries.lengths.add(resourceName.length);
      const named = isPrefixed ? entries.prefixed : entries.literal;
      const same = named.get(resourceName);
      if (same === undefined) named.set(resourceName, [acl]);
      else same.push(acl);
    }
  }

  /** `otherwise`: where no entry speaks of the resource. */
  allow(asker: Asker, operation: number, type: number, name: string, otherwise: boolean): boolean {
    const about = this.#about(type, name);
    if (about.length === 0) return otherwise;
    const speaking = about.filter((acl) => isAbout(acl, asker) && speaksOf(acl, operation));
    if (speaking.some(({ permissionType }) => permissionType === AclPermission.DENY)) return false;
    return speaking.length > 0;
  }

  /** Whether there could be a resource of this type to which it is allowed (KIP-679). */
  allowForAny(asker: Asker, operation: number, type: number, otherwise: boolean): boolean {
    if (this.allow(asker, operation, type, someName, otherwise)) return true;
    const entries = this.#byType.get(type);
    if (entries === undefined) return false;
    const names = (from: ReadonlyMap<string, Acl[]>, permission: number) =>
      [...from]
        .filter(([, acls]) => acls.some((acl) => says(acl, permission, operation, asker)))
        .map(([name]) => name);
    const denied = new Set(names(entries.literal, AclPermission.DENY));
    const deniedPrefixes = names(entries.prefixed, AclPermission.DENY);
    if (denied.has(everyName)) return false;
    const allowed = names(entries.literal, AclPermission.ALLOW);
    if (allowed.includes(everyName)) return true;
    const isOpen = (name: string) => !deniedPrefixes.some((prefix) => name.startsWith(prefix));
    return (
      allowed.some((name) => !denied.has(name) && isOpen(name)) ||
      names(entries.prefixed, AclPermission.ALLOW).some(isOpen)
    );
  }

  /** The entries that speak of this resource, whomever they name. */
  #about(type: number, name: string): readonly Acl[] {
    const entries = this.#byType.get(type);
    if (entries === undefined) return [];
    const { literal, prefixed, lengths } = entries;
    const all = name === everyName ? [] : (literal.get(everyName) ?? []);
    const about = [...all, ...(literal.get(name) ?? [])];
    for (const length of lengths) {
      if (length <= name.length) about.push(...(prefixed.get(name.slice(0, length)) ?? []));
    }
    return about;
  }
}

function isAbout({ principal, host }: Acl, asker: Asker): boolean {
  return (principal === asker.principal || principal === everybody) && isHostIn(asker.host, host);
}

function speaksOf({ operation, permissionType }: Acl, asked: number): boolean {
  if (operation === AclOperation.ALL || operation === asked) return true;
  const implies = permissionType === AclPermission.ALLOW && implied.get(asked)?.includes(operation);
  return implies === true;
}

/** What an entry says of this operation alone, without what that implies. */
function says(acl: Acl, permission: number, operation: number, asker: Asker): boolean {
  const isSaid = acl.operation === AclOperation.ALL || acl.operation === operation;
  return acl.permissionType === permission && isSaid && isAbout(acl, asker);
}
