/**
 * The ACLs as a gateway knows them: all of them, since every question needs those that it does not
 * think of. The surprise: where there is no authorizer nobody ever asks for them.
 */
import { AclRules } from '../core/acl-rules.ts';
import type { Objects } from '../runtime/stubs.ts';
import { Weather } from '../runtime/weather.ts';
import type { ControllerWatch } from './controller-watch.ts';

/** What the deployment says about who may do what. */
export interface AuthorizerSettings {
  /** `User:admin`, … may do everything. */
  readonly superUsers: ReadonlySet<string>;
  /** Whether everybody may do what no ACL speaks of. */
  readonly allowsWithoutAcl: boolean;
}

/** How old what is known may be where nobody says that it has changed. */
export const maxAclAgeMs = 60_000;

/** One for each isolate. Plain data only. */
export class AclMemory {
  rules: AclRules | undefined;
  /** That of the rules. */
  version = -1;
  /** When the controller was last asked. */
  at = Number.NEGATIVE_INFINITY;
  /** When something was last said to have changed: what was asked before may not hold. */
  changedAt = Number.NEGATIVE_INFINITY;
}

/** A connection's view of its isolate's memory. */
export class KnownAcls {
  readonly settings: AuthorizerSettings;
  readonly #memory: AclMemory;
  readonly #objects: Objects;
  readonly #now: () => number;
  readonly #changes: ControllerWatch;
  #lookUp: Promise<AclRules> | undefined;

  constructor(
    settings: AuthorizerSettings,
    memory: AclMemory,
    objects: Objects,
    now: () => number,
    changes: ControllerWatch,
  ) {
    this.settings = settings;
    this.#memory = memory;
    this.#objects = objects;
    this.#now = now;
    this.#changes = changes;
  }

  /**
   * As they are: at most a minute old, or older where they are known to stand or the controller
   * cannot be reached. Throws Weather where they were never known.
   */
  rules(): AclRules | Promise<AclRules> {
    const { rules, at, changedAt } = this.#memory;
    const isFresh = this.#now() - at < maxAclAgeMs || at > this.#changes.unchangedSince;
    if (rules !== undefined && at > changedAt && isFresh) return rules;
    if (rules !== undefined) this.#changes.follow();
    this.#lookUp ??= this.#ask().finally(() => {
      this.#lookUp = undefined;
    });
    return this.#lookUp;
  }

  /** This gateway has changed them. */
  changed(): void {
    this.#memory.changedAt = this.#now();
    // What is under way may have been asked before.
    this.#lookUp = undefined;
  }

  async #ask(): Promise<AclRules> {
    const memory = this.#memory;
    const asked = this.#now();
    try {
      const command = { version: memory.version };
      const { version, acls } = await this.#objects.controller().call('getAcls', command);
      if (acls !== null && version > memory.version) {
        memory.rules = new AclRules(acls);
        memory.version = version;
      }
      memory.at = Math.max(memory.at, asked);
    } catch (error) {
      if (memory.rules === undefined || !(error instanceof Weather)) throw error;
    }
    return memory.rules!;
  }
}
