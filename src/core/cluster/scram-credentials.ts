/**
 * The SCRAM credentials of users (KIP-554): salt, iterations and the two keys by which a password
 * is proved and never told. The surprise: whoever changes two things of one user in one request
 * changes neither.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Row } from '../machine.ts';
import type { Result } from './results.ts';
import { resultOf } from './results.ts';

/** Kafka's numbers for the mechanisms. */
export const ScramMechanism = { SCRAM_SHA_256: 1, SCRAM_SHA_512: 2 } as const;

export interface ScramDeletion {
  readonly name: string;
  /** One of ScramMechanism. */
  readonly mechanism: number;
}

/** Bytes are base64. */
export interface ScramCredential {
  readonly iterations: number;
  readonly salt: string;
  /** H(HMAC(salted password, "Client Key")) */
  readonly storedKey: string;
  /** HMAC(salted password, "Server Key") */
  readonly serverKey: string;
}

export type ScramUpsertion = ScramDeletion & ScramCredential;

/** Which of its credentials. */
export type KnownCredential = ScramCredential & { readonly mechanism: number };

export interface DescribedUser extends Result {
  readonly user: string;
  readonly credentialInfos: readonly { readonly mechanism: number; readonly iterations: number }[];
}

export type AlteredUser = Result & { readonly user: string };

/** Kafka's bounds, for both mechanisms. */
const leastIterations = 4_096;
const mostIterations = 16_384;

const idOf = ({ name, mechanism }: ScramDeletion): string => `${mechanism}:${name}`;

export class ScramCredentials {
  readonly #credentials = new Map<string, ScramCredential>();

  replay(id: string, credential: ScramCredential | null): void {
    if (credential === null) this.#credentials.delete(id);
    else this.#credentials.set(id, credential);
  }

  /** The credentials of one user, by rising mechanism. */
  of(user: string): KnownCredential[] {
    return Object.values(ScramMechanism).flatMap((mechanism) => {
      const found = this.#credentials.get(idOf({ name: user, mechanism }));
      return found === undefined ? [] : [{ ...found, mechanism }];
    });
  }

  /** Null or none: every user with a credential. */
  describe(users: readonly string[] | null): DescribedUser[] {
    if (users !== null && users.length > 0) {
      return [...new Set(users)].map((user) => this.#described(user, users));
    }
    const known = [...this.#credentials.keys()].map((id) => id.slice(id.indexOf(':') + 1));
    return [...new Set(known)].sort().map((user) => this.#described(user, [user]));
  }

  #described(user: string, asked: readonly string[]): DescribedUser {
    const credentialInfos = this.of(user).map(({ mechanism, iterations }) => {
      return { mechanism, iterations };
    });
    const result = resultOf(() => {
      if (asked.indexOf(user) !== asked.lastIndexOf(user)) {
        throw refused('DUPLICATE_RESOURCE', `A user is to be described twice: ${user}`);
      }
      if (credentialInfos.length === 0) {
        throw refused('RESOURCE_NOT_FOUND', `There is no credential of this user: ${user}`);
      }
    });
    return { user, ...result, credentialInfos: result.errorCode === 0 ? credentialInfos : [] };
  }

  /** One answer for each user, and the rows that make it so. */
  alter(
    deletions: readonly ScramDeletion[],
    upsertions: readonly ScramUpsertion[],
  ): { readonly results: readonly AlteredUser[]; readonly rows: readonly Row[] } {
    const results = new Map<string, AlteredUser>();
    const rows = new Map<string, Row>();
    const change = (user: string, row: Row, check: () => void): void => {
      const before = results.get(user);
      if (before !== undefined && before.errorCode !== ErrorCode.NONE) return;
      const result = resultOf(() => {
        if (before !== undefined) {
          rows.delete(user);
          const message = 'A user credential cannot be altered twice in the same request';
          throw refused('DUPLICATE_RESOURCE', message);
        }
        check();
        rows.set(user, row);
      });
      results.set(user, { user, ...result });
    };
    for (const deletion of deletions) {
      const row = { key: `scram:${idOf(deletion)}`, value: null };
      change(deletion.name, row, () => this.#checkDeletion(deletion));
    }
    for (const upsertion of upsertions) {
      const { name, mechanism, ...credential } = upsertion;
      const row = { key: `scram:${idOf({ name, mechanism })}`, value: credential };
      change(name, row, () => checkUpsertion(upsertion));
    }
    return { results: [...results.values()], rows: [...rows.values()] };
  }

  #checkDeletion(deletion: ScramDeletion): void {
    checkUser(deletion);
    if (!this.#credentials.has(idOf(deletion))) {
      const message = 'Attempt to delete a user credential that does not exist';
      throw refused('RESOURCE_NOT_FOUND', message);
    }
  }
}

function checkUpsertion(upsertion: ScramUpsertion): void {
  checkUser(upsertion);
  const { iterations, storedKey } = upsertion;
  if (iterations < leastIterations) throw refused('UNACCEPTABLE_CREDENTIAL', 'Too few iterations');
  if (iterations > mostIterations) throw refused('UNACCEPTABLE_CREDENTIAL', 'Too many iterations');
  if (storedKey === '') throw refused('UNACCEPTABLE_CREDENTIAL', 'The salted password is empty');
}

function checkUser({ name, mechanism }: ScramDeletion): void {
  if (name === '') throw refused('UNACCEPTABLE_CREDENTIAL', 'Username must not be empty');
  const known: readonly number[] = Object.values(ScramMechanism);
  if (!known.includes(mechanism)) {
    throw refused('UNSUPPORTED_SASL_MECHANISM', 'Unknown SCRAM mechanism');
  }
}

function refused(
  code:
    | 'DUPLICATE_RESOURCE'
    | 'RESOURCE_NOT_FOUND'
    | 'UNACCEPTABLE_CREDENTIAL'
    | 'UNSUPPORTED_SASL_MECHANISM',
  message: string,
): KafkaError {
  return new KafkaError(ErrorCode[code], message);
}
