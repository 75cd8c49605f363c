/**
 * What clients use of their quotas, and for how long they are to be quiet. The surprises: as in
 * Kafka each gateway counts for itself what goes through it; and a Worker's clock stands still
 * while it computes, so that the time a request takes is reckoned, not measured.
 *
 * Behaviour
 * - A request that goes beyond a quota is carried out all the same; its answer says for how long
 *   the client is to wait, and the door does not serve it before (KIP-219).
 * - What may be fetched at once is as much as comes within the window.
 * - New topics and partitions, and deleted ones, wait for tokens (KIP-599).
 * - Quotas are known as late as topics are: at most a minute.
 * - Who comes without a client id has the empty one, and its default quota.
 * - Where there are more users, clients and addresses than can be counted, who was silent longest
 *   is forgotten, and begins anew.
 */
import { type Quota, QuotaRules, QuotaType } from '../core/quota/quota-rules.ts';
import { mostInWindow, Rate } from '../core/quota/rate.ts';
import { TokenBucket } from '../core/quota/token-bucket.ts';
import type { Objects } from '../runtime/stubs.ts';
import { Weather } from '../runtime/weather.ts';
import type { RequestContext } from './context.ts';

/** So many users, clients and addresses are counted at the same time. */
const mostCounted = 10_000;
/** A request counts as this much time, and as much again for so many bytes of records. */
const requestMs = 0.25;
const bytesPerRequestMs = 64 * 1024;
/** Nobody waits longer for the time that requests take: a sample of the rate. */
const longestRequestThrottleMs = 1_000;
/** How long to go by what is known when the controller could not be asked. */
const againMs = 1_000;

const longestTimerMs = 0x7fff_ffff;

const none = new QuotaRules([]);

/** One for each isolate. Plain data only. */
export class QuotaMemory {
  /** That of the quotas there are, as the controller last said. */
  version = 0;
  rules = none;
  /** That of the rules. */
  known = 0;
  /** Nobody is asked about them before. */
  askAt = Number.NEGATIVE_INFINITY;
  readonly rates = new Map<string, Rate>();
  readonly buckets = new Map<string, TokenBucket>();
}

type Asker = Pick<RequestContext, 'principal' | 'clientId'>;

/** One for each connection, and for each HTTP request. */
export class Quotas {
  readonly #memory: QuotaMemory;
  readonly #objects: Objects;
  readonly #now: () => number;
  /** Until then the client is not to be served. */
  #quietUntil = 0;

  constructor(memory: QuotaMemory, objects: Objects, now: () => number) {
    this.#memory = memory;
    this.#objects = objects;
    this.#now = now;
  }

  /** There are none at all, as far as is known: nothing needs to be counted. */
  get areNone(): boolean {
    const { known, version, rules } = this.#memory;
    return known === version && rules.isEmpty;
  }

  /** For how long the client is not to be served. */
  get quietMs(): number {
    return Math.max(0, this.#quietUntil - this.#now());
  }

  /**
   * Resolves when the client may be served again, is gone, or so much time has passed; undefined:
   * it may.
   */
  quiet(gone: AbortSignal, mostMs: number = longestTimerMs): Promise<void> | undefined {
    const ms = Math.min(this.quietMs, mostMs);
    if (ms === 0 || gone.aborted) return undefined;
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        gone.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      gone.addEventListener('abort', end);
    });
  }

  /** These bytes went to the log, or came from it. How long the client is to wait for it. */
  async used(
    type: typeof QuotaType.PRODUCE | typeof QuotaType.FETCH,
    bytes: number,
    asker: Asker,
  ): Promise<number> {
    return this.#count(await this.#quotaOf(type, asker), bytes);
  }

  /** A request was served, with so many bytes of records in it. */
  async served(bytes: number, asker: Asker): Promise<number> {
    const percent = ((requestMs * (1 + bytes / bytesPerRequestMs)) / 1_000) * 100;
    const quota = await this.#quotaOf(QuotaType.REQUEST, asker);
    return this.#count(quota, percent, mostMs(QuotaType.REQUEST));
  }

  /** For how long the client is not to be served, for what it has used of this. */
  async owedMs(type: QuotaType, asker: Asker): Promise<number> {
    const waitMs = this.#overMs(await this.#quotaOf(type, asker), mostMs(type));
    this.#quietFor(waitMs);
    return waitMs;
  }

  async has(type: QuotaType, asker: Asker): Promise<boolean> {
    return (await this.#quotaOf(type, asker)) !== undefined;
  }

  /** The most that one Fetch may ask for. */
  async mostToFetch(asker: Asker): Promise<number> {
    const quota = await this.#quotaOf(QuotaType.FETCH, asker);
    return quota === undefined ? Infinity : mostInWindow(quota.limit);
  }

  /**
   * So many partitions are to come or to go: whether they may now. Not `strict`: they may, and what
   * comes next waits.
   */
  async mayMutate(partitions: number, strict: boolean, asker: Asker): Promise<boolean> {
    const quota = await this.#quotaOf(QuotaType.CONTROLLER_MUTATION, asker);
    if (quota === undefined) return true;
    const bucket = kept(this.#memory.buckets, quota.key, () => new TokenBucket());
    const now = this.#now();
    const waitMs = bucket.throttleMs(quota.limit, now);
    const may = waitMs === 0 || !strict;
    if (may) bucket.take(partitions, quota.limit, now);
    this.#quietFor(strict ? waitMs : bucket.throttleMs(quota.limit, now));
    return may;
  }

  /** Whether somebody may connect from this address. Who may not is not counted. */
  async mayConnect(ip: string): Promise<boolean> {
    if (this.areNone) return true;
    const quota = (await this.#rules()).ofAddress(QuotaType.CONNECTION, ip);
    if (quota === undefined) return true;
    const rate = this.#rateOf(quota.key);
    const now = this.#now();
    rate.record(1, now);
    if (rate.throttleMs(quota.limit, now) === 0) return true;
    rate.record(-1, now);
    return false;
  }

  /** This gateway has changed them. */
  changed(): void {
    this.#memory.known = -1;
    this.#memory.askAt = Number.NEGATIVE_INFINITY;
  }

  #count(quota: Quota | undefined, value: number, most = Infinity): number {
    if (quota === undefined) return 0;
    this.#rateOf(quota.key).record(value, this.#now());
    const waitMs = this.#overMs(quota, most);
    this.#quietFor(waitMs);
    return waitMs;
  }

  #overMs(quota: Quota | undefined, most: number): number {
    const rate = quota && this.#memory.rates.get(quota.key);
    return rate === undefined ? 0 : Math.min(rate.throttleMs(quota!.limit, this.#now()), most);
  }

  #rateOf(key: string): Rate {
    return kept(this.#memory.rates, key, () => new Rate());
  }

  #quietFor(ms: number): void {
    if (ms > 0) this.#quietUntil = Math.max(this.#quietUntil, this.#now() + ms);
  }

  async #quotaOf(type: QuotaType, { principal, clientId }: Asker): Promise<Quota | undefined> {
    const rules = await this.#rules();
    return rules.ofClient(type, principal.name, clientId ?? '');
  }

  /** As they were said to be last; as they were before, where nobody can be asked. */
  async #rules(): Promise<QuotaRules> {
    const memory = this.#memory;
    if (memory.known === memory.version || this.#now() < memory.askAt) return memory.rules;
    try {
      const { version, entries } = await this.#objects.controller().call('getQuotas', {});
      memory.rules = new QuotaRules(entries);
      memory.known = memory.version = version;
    } catch (error) {
      if (!(error instanceof Weather)) throw error;
      memory.askAt = this.#now() + againMs;
    }
    return memory.rules;
  }
}

function mostMs(type: QuotaType): number {
  return type === QuotaType.REQUEST ? longestRequestThrottleMs : Infinity;
}

/** What is there, or is made, and is now the youngest; the oldest of too many goes. */
function kept<T>(map: Map<string, T>, key: string, make: () => T): T {
  const value = map.get(key) ?? make();
  map.delete(key);
  map.set(key, value);
  if (map.size > mostCounted) map.delete(map.keys().next().value!);
  return value;
}
