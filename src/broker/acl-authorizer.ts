/**
 * The authorizer that goes by ACLs, as Kafka's StandardAuthorizer. The surprise: what it has
 * decided it says again without a look at the entries, until they are others.
 */
import type { AclRules, Asker, Reader } from '../core/acl-rules.ts';
import type { AclOperation, AclResourceType } from '../protocol/acl.ts';
import { type BrokerConfig, usersOf } from '../runtime/config.ts';
import type { Access } from './access.ts';
import type { AuthorizerSettings, KnownAcls } from './acl-memory.ts';
import {
  type Authorizer,
  everythingAllowed,
  owner,
  type Principal,
  principalText,
} from './authorizer.ts';
import type { RequestContext } from './context.ts';

/** So many decisions are remembered for a client. */
const mostDecisions = 1_000;

/**
 * What decides in this deployment; undefined: nobody, and everything is allowed to everybody, as in
 * Kafka without an authorizer.
 */
export function authorizerSettings(
  config: BrokerConfig,
  { open }: Pick<Access, 'open'>,
): AuthorizerSettings | undefined {
  if (open && config.authorizerClassName === '') return undefined;
  return {
    superUsers: new Set([principalText(owner), ...usersOf(config.superUsers)]),
    allowsWithoutAcl: config.allowEveryoneIfNoAclFound,
  };
}

/** What this client may do. `clientHost`: `/127.0.0.1`; `acls`: null where nothing decides. */
export function authorizerFor(
  acls: KnownAcls | null,
  identity: Principal,
  clientHost: string,
): Authorizer {
  if (acls === null || acls.settings.superUsers.has(principalText(identity))) {
    return everythingAllowed;
  }
  return new AclAuthorizer(acls, askerOf(identity, clientHost));
}

/** Who asks, as a group is to know it that looks for topics; undefined: somebody who sees all. */
export function readerOf(context: RequestContext): Reader | undefined {
  const { acls, authorizer, clientHost, principal } = context;
  if (acls === null || authorizer.allowsAll) return undefined;
  const otherwise = acls.settings.allowsWithoutAcl;
  return { ...askerOf(principal, clientHost), otherwise };
}

function askerOf(principal: Principal, clientHost: string): Asker {
  return { principal: principalText(principal), host: clientHost.replace(/^\//, '') };
}

class AclAuthorizer implements Authorizer {
  readonly allowsAll = false;
  readonly #acls: KnownAcls;
  readonly #asker: Asker;
  #decided = new Map<string, boolean>();
  /** Those it was decided by. */
  #rules: AclRules | undefined;

  constructor(acls: KnownAcls, asker: Asker) {
    this.#acls = acls;
    this.#asker = asker;
  }

  may(operation: AclOperation, type: AclResourceType, name: string): Promise<boolean> {
    return this.#decide(`${operation}:${type}:${name}`, (rules, otherwise) =>
      rules.allow(this.#asker, operation, type, name, otherwise),
    );
  }

  mayToAny(operation: AclOperation, type: AclResourceType): Promise<boolean> {
    return this.#decide(`${operation}:${type}`, (rules, otherwise) =>
      rules.allowForAny(this.#asker, operation, type, otherwise),
    );
  }

  async #decide(
    question: string,
    decide: (rules: AclRules, otherwise: boolean) => boolean,
  ): Promise<boolean> {
    const rules = await this.#acls.rules();
    if (rules !== this.#rules || this.#decided.size >= mostDecisions) this.#decided.clear();
    this.#rules = rules;
    const decided = this.#decided.get(question);
    if (decided !== undefined) return decided;
    const allowed = decide(rules, this.#acls.settings.allowsWithoutAcl);
    this.#decided.set(question, allowed);
    return allowed;
  }
}
