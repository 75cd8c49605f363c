/**
 * The users and tokens as a gateway knows them: the controller keeps them, and is asked for one
 * when somebody shows it. The surprise: who is not known is never remembered, so that a user may
 * come in as soon as there is such a user.
 */
import type { KeptToken } from '../core/cluster/access-tokens.ts';
import type { KnownCredential } from '../core/cluster/scram-credentials.ts';
import type { Objects } from '../runtime/stubs.ts';
import { Weather } from '../runtime/weather.ts';
import { Failures } from './failed-attempts.ts';
import { KeySets } from './key-sets.ts';

/** How old what is known may be where nobody says that it has changed. */
export const maxCredentialAgeMs = 60_000;
/** So many of each kind are remembered. */
const most = 1_000;

interface Entry<T> {
  readonly value: T;
  /** When the controller was asked. */
  readonly at: number;
}

/** A password that was right: its keyed hash, and the key of the credential it was right for. */
export interface Proof {
  readonly mac: Uint8Array;
  readonly storedKey: string;
}

/** One for each isolate. Plain data only. */
export class CredentialMemory {
  secret: string | undefined;
  /** When something was last said to have changed: what was asked before may not hold. */
  changedAt = Number.NEGATIVE_INFINITY;
  readonly users = new Map<string, Entry<readonly KnownCredential[]>>();
  readonly tokens = new Map<string, Entry<KeptToken>>();
  readonly proofs = new Map<string, Proof>();
  /** The owner's token as a SCRAM credential, by mechanism. */
  readonly ownersKeys = new Map<number, KnownCredential>();
  readonly keySets = new KeySets();
  readonly failures = new Failures();
  #macKey: Uint8Array | undefined;

  /** What proofs are made with: nobody else has it, and nobody keeps it. */
  get macKey(): Uint8Array {
    this.#macKey ??= crypto.getRandomValues(new Uint8Array(32));
    return this.#macKey;
  }
}

/** Remembers it as the newest, and forgets the oldest of too many. */
export function remember<T>(memory: Map<string, T>, key: string, value: T): void {
  memory.delete(key);
  memory.set(key, value);
  if (memory.size > most) memory.delete(memory.keys().next().value!);
}

/** A connection's view of its isolate's memory. */
export class Credentials {
  readonly memory: CredentialMemory;
  readonly now: () => number;
  readonly #objects: Objects;

  constructor(memory: CredentialMemory, objects: Objects, now: () => number) {
    this.memory = memory;
    this.#objects = objects;
    this.now = now;
  }

  /** None: there is no such user. `anew`: whatever is remembered. Throws Weather. */
  ofUser(user: string, anew = false): Promise<readonly KnownCredential[]> {
    const ask = async () => {
      const controller = this.#objects.controller();
      const { credentials } = await controller.call('getScramCredentials', { user });
      return credentials.length > 0 ? credentials : undefined;
    };
    return this.#known(this.memory.users, user, ask, anew).then((credentials) => credentials ?? []);
  }

  /** Whether the controller need not be asked for this user. */
  isRemembered(user: string): boolean {
    return this.#isFresh(this.memory.users.get(user));
  }

  /** Throws Weather. */
  token(id: string): Promise<KeptToken | undefined> {
    return this.#known(this.memory.tokens, id, async () => {
      const { token } = await this.#objects.controller().call('getToken', { id });
      return token ?? undefined;
    });
  }

  /** What only this cluster knows. Throws Weather. */
  async secret(): Promise<Uint8Array> {
    if (this.memory.secret === undefined) {
      const { secret } = await this.#objects.controller().call('getSecret', {});
      this.memory.secret = secret;
    }
    return new TextEncoder().encode(this.memory.secret);
  }

  /** This gateway has changed users or tokens. */
  changed(): void {
    this.memory.changedAt = this.now();
  }

  async #known<T>(
    memory: Map<string, Entry<T>>,
    key: string,
    ask: () => Promise<T | undefined>,
    anew = false,
  ): Promise<T | undefined> {
    const known = memory.get(key);
    const at = this.now();
    if (!anew && known && this.#isFresh(known)) return known.value;
    try {
      const value = await ask();
      if (value === undefined) memory.delete(key);
      else remember(memory, key, { value, at });
      return value;
    } catch (error) {
      // Nobody could have changed it either.
      if (known && error instanceof Weather) return known.value;
      throw error;
    }
  }
  #isFresh(known: Entry<unknown> | undefined): boolean {
    const { changedAt } = this.memory;
    return (
      known !== undefined && known.at > changedAt && this.now() - known.at < maxCredentialAgeMs
    );
  }
}
