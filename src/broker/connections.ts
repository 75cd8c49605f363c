/**
 * The connections there are, and how many there may be: in all, from one address, and of one
 * principal. The surprise: each isolate counts its own, as each broker of Kafka does; and a
 * connection that finds no place is closed without a word, as Kafka closes it.
 */
import type { BrokerConfig } from '../runtime/config.ts';
import { maxConnectionsOf } from '../runtime/connection-overrides.ts';
import { type Principal, principalText } from './authorizer.ts';

type Limits = Pick<
  BrokerConfig,
  | 'maxConnections'
  | 'maxConnectionsPerIp'
  | 'maxConnectionsPerIpOverrides'
  | 'maxConnectionsPerPrincipal'
>;

/** One for the isolate. */
export class Connections {
  readonly #limits: Limits;
  readonly #perAddress: (address: string) => number;
  #count = 0;
  readonly #byAddress = new Counts();
  readonly #byPrincipal = new Counts();

  constructor(limits: Limits) {
    this.#limits = limits;
    const own = maxConnectionsOf(limits.maxConnectionsPerIpOverrides);
    this.#perAddress = (address) => own.get(address) ?? limits.maxConnectionsPerIp;
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /**
   * A place for a connection from this address (null: it has none), of this principal if that is
   * known. Undefined: there is no place left.
   */
  enter(address: string | null, principal?: Principal): ConnectionPlace | undefined {
    const place = this.#enter(address);
    if (place === undefined || principal === undefined || place.belongsTo(principal)) return place;
    place.leave();
    return undefined;
  }

  #enter(address: string | null): ConnectionPlace | undefined {
    if (this.#count >= this.#limits.maxConnections) return undefined;
    const isFull = address !== null && !this.#byAddress.add(address, this.#perAddress(address));
    if (isFull) return undefined;
    this.#count++;
    let owner: string | undefined;
    return {
      belongsTo: (principal) => {
        if (owner !== undefined) return true;
        const name = principalText(principal);
        const may = this.#byPrincipal.add(name, this.#limits.maxConnectionsPerPrincipal);
        if (may) owner = name;
        return may;
      },
      leave: () => {
        this.#count--;
        if (address !== null) this.#byAddress.remove(address);
        if (owner !== undefined) this.#byPrincipal.remove(owner);
      },
    };
  }
}

/** What a connection has, from its beginning to its end. */
export interface ConnectionPlace {
  /** It is this principal's from now on. False: the principal may have no more. */
  belongsTo(principal: Principal): boolean;
  /** Once, when it is over. */
  leave(): void;
}

/** There are as many as there may be. */
export class TooManyConnections extends Error {
  override readonly name = 'TooManyConnections';
}

/** What there is none of takes no memory. */
class Counts {
  readonly #counts = new Map<string, number>();

  /** False: there are as many as there may be. */
  add(key: string, most: number): boolean {
    const count = this.#counts.get(key) ?? 0;
    if (count >= most) return false;
    this.#counts.set(key, count + 1);
    return true;
  }

  remove(key: string): void {
    const count = this.#counts.get(key) ?? 0;
    if (count > 1) this.#counts.set(key, count - 1);
    else this.#counts.delete(key);
  }
}
