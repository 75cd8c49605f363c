/**
 * A subscription as a machine: what it is, where it stands in each partition, and when there is
 * something to do. The surprise: a partition that has nothing new is not looked at; the
 * subscription has asked it to say when it has, and sleeps.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { CallOf, Machine, Outcome, ReplyOf, Row } from '../machine.ts';
import { type LastError, type Place, placeName, type SubscriptionCalls } from './calls.ts';
import type { Subscription, SubscriptionState, Target } from './subscription.ts';
import type { KeptWindow } from './window.ts';

/** Where a subscription stands in one partition. */
export interface Standing {
  readonly topic: string;
  /** All below is finished or known; -1: nobody has looked yet. */
  readonly next: number;
  /** The partition tells when it reaches beyond; null: it was not asked to. */
  readonly waitsAbove: number | null;
  /** When to go on; null: now, or when the partition says so. */
  readonly dueAt: number | null;
  readonly window: KeptWindow | null;
  /** Offsets may have been set: what the group has committed counts, whatever it is. */
  readonly goesByGroup: boolean;
  readonly error: LastError | null;
}

export interface HostedSubscriptionCalls extends SubscriptionCalls {
  /** The partitions there are now; or why nobody could say, and when to look again. */
  looked: {
    command:
      | { readonly partitions: readonly (Place & { readonly topic: string })[] }
      | { readonly error: LastError; readonly again: number };
    reply: null;
  };
  /** Where it stands in a partition now, unless that woke up again since `wakes`. */
  keep: {
    command: { readonly place: string; readonly standing: Standing; readonly wakes: number };
    reply: null;
  };
}

type Command = CallOf<HostedSubscriptionCalls>;
type Reply = ReplyOf<HostedSubscriptionCalls>;
type Decision = Outcome<Reply, SubscriptionRow>;
/** `subscription`, `look` or `partition:<topic id>:<partition>`. */
export type SubscriptionRow = Row;

interface Stored extends Subscription {
  readonly state: SubscriptionState;
}

interface Look {
  readonly at: number;
  readonly error: LastError | null;
}

export class SubscriptionMachine implements Machine<Command, Reply, SubscriptionRow> {
  #stored: Stored | undefined;
  #look: Look | undefined;
  readonly #standings = new Map<string, Standing>();
  /** Memory only: how often each partition said that it has grown. */
  readonly #wakes = new Map<string, number>();
  /** Memory only: the host is at work and looks by itself at what is due. */
  isAtWork = false;

  get subscription(): Subscription | undefined {
    return this.#stored;
  }

  get state(): SubscriptionState {
    return this.#stored?.state ?? 'paused';
  }

  get isRunning(): boolean {
    return this.#stored?.state === 'running';
  }

  get standings(): ReadonlyMap<string, Standing> {
    return this.#standings;
  }

  /** Why topics could not be looked up, if that is so. */
  get lookError(): LastError | null {
    return this.#look?.error ?? null;
  }

  get deadline(): number | undefined {
    return this.isAtWork ? undefined : this.dueNext;
  }

  /** When there is something to do next; 0: now. */
  get dueNext(): number | undefined {
    if (!this.isRunning) return undefined;
    let due = this.#look?.at;
    for (const standing of this.#standings.values()) {
      const at = dueAtOf(standing);
      if (at !== undefined) due = Math.min(due ?? at, at);
    }
    return due;
  }

  mustLook(now: number): boolean {
    return this.isRunning && this.#look !== undefined && this.#look.at <= now;
  }

  /** The partitions in which there is something to do. */
  due(now: number): string[] {
    if (!this.isRunning) return [];
    const isDue = ([, standing]: [string, Standing]) => (dueAtOf(standing) ?? Infinity) <= now;
    return [...this.#standings].filter(isDue).map(([place]) => place);
  }

  wakesOf(place: string): number {
    return this.#wakes.get(place) ?? 0;
  }

  decide(call: Command, now: number): Decision {
    switch (call.kind) {
      case 'put':
        return this.#put(call.command.subscription, now);
      case 'pause':
        return this.#setState('paused', []);
      case 'resume':
        return this.#setState('running', this.#awakened({ goesByGroup: true }));
      case 'delete':
        return this.#delete();
      case 'wake':
        return this.#wake(call.command, now);
      case 'topicsChanged':
        return answer(done, this.#stored === undefined ? [] : [lookRow(now)]);
      case 'looked':
        return this.#looked(call.command);
      case 'keep':
        return this.#keep(call.command);
      case 'describe':
        throw new Error('its host describes a subscription');
    }
  }

  /** What is due is done by the host. */
  expire(): Outcome<undefined, SubscriptionRow> {
    return { rows: [], reply: undefined, wake: new Map() };
  }

  replay({ key, value }: SubscriptionRow): void {
    if (key === 'subscription') {
      this.#stored = (value as Stored | null) ?? undefined;
    } else if (key === 'look') {
      this.#look = (value as Look | null) ?? undefined;
    } else {
      const place = key.slice('partition:'.length);
      if (value === null) this.#standings.delete(place);
      else this.#standings.set(place, value as Standing);
    }
  }

  #put(subscription: Subscription, now: number): Decision {
    const known = this.#stored;
    const stored: Stored = {
      ...subscription,
      target: withSecrets(subscription.target, known?.target),
      createdAt: known?.createdAt ?? subscription.createdAt,
      state: known?.state ?? 'running',
    };
    // What went wrong may be what was changed: nothing waits for it any longer.
    const failed = this.#awakened({}, ({ error }) => error !== null);
    const rows = [row('subscription', stored), lookRow(now), ...failed];
    return answer({ ...done, errorMessage: null, created: known === undefined }, rows);
  }

  #setState(state: SubscriptionState, more: readonly SubscriptionRow[]): Decision {
    if (this.#stored === undefined) return answer(unknown);
    if (this.#stored.state === state) return answer(done);
    return answer(done, [row('subscription', { ...this.#stored, state }), ...more]);
  }

  #awakened(
    change: Partial<Standing>,
    those: (standing: Standing) => boolean = () => true,
  ): SubscriptionRow[] {
    return [...this.#standings]
      .filter(([, standing]) => those(standing))
      .map(([place, standing]) =>
        partitionRow(place, { ...standing, waitsAbove: null, dueAt: null, error: null, ...change }),
      );
  }

  #delete(): Decision {
    if (this.#stored === undefined) return answer(unknown);
    const places = [...this.#standings.keys()].map((place) => `partition:${place}`);
    return answer(
      done,
      ['subscription', 'look', ...places].map((key) => row(key, null)),
    );
  }

  /** Not enough for a batch: the partition is to say when it is, until it has waited enough. */
  #wake({ place, lastStableOffset }: SubscriptionCalls['wake']['command'], now: number): Decision {
    this.#wakes.set(place, this.wakesOf(place) + 1);
    const standing = this.#standings.get(place);
    if (this.#stored === undefined || standing === undefined || standing.waitsAbove === null) {
      return answer({ above: null });
    }
    const { maxBatchSize, maxBatchTimeoutMs } = this.#stored;
    const { next, window } = standing;
    const isEnough = lastStableOffset - next >= maxBatchSize || maxBatchTimeoutMs === 0;
    if (isEnough || window !== null) {
      const dueAt = maxBatchTimeoutMs === 0 ? now : null;
      return answer({ above: null }, [
        partitionRow(place, { ...standing, waitsAbove: null, dueAt }),
      ]);
    }
    const waitsAbove = next + maxBatchSize - 1;
    const dueAt = Math.min(standing.dueAt ?? Infinity, now + maxBatchTimeoutMs);
    return answer({ above: waitsAbove }, [partitionRow(place, { ...standing, waitsAbove, dueAt })]);
  }

  #looked(command: HostedSubscriptionCalls['looked']['command']): Decision {
    if (this.#stored === undefined) return answer(null);
    if ('error' in command) {
      const look: Look = { at: command.again, error: command.error };
      return answer(null, [row('look', look)]);
    }
    const there = new Map(command.partitions.map((one) => [placeName(one), one]));
    const added = [...there].filter(([place]) => !this.#standings.has(place));
    const gone = [...this.#standings.keys()].filter((place) => !there.has(place));
    return answer(null, [
      row('look', null),
      ...added.map(([place, { topic }]) => partitionRow(place, newStanding(topic))),
      ...gone.map((place) => row(`partition:${place}`, null)),
    ]);
  }

  #keep({ place, standing, wakes }: HostedSubscriptionCalls['keep']['command']): Decision {
    if (!this.#standings.has(place)) return answer(null);
    const isAwake = wakes !== this.wakesOf(place) && standing.waitsAbove !== null;
    const now = isAwake ? { ...standing, waitsAbove: null, dueAt: null } : standing;
    return answer(null, [partitionRow(place, now)]);
  }
}

/** Nobody is shown secrets, so who changes something else leaves them out. */
function withSecrets(target: Target, known: Target | undefined): Target {
  if (target.type !== 'webhook' || target.secrets.length > 0) return target;
  if (known?.type === 'webhook') return { ...target, secrets: known.secrets };
  throw new KafkaError(ErrorCode.INVALID_CONFIG, 'a webhook needs a secret to be signed with');
}

/** Undefined: not before something happens. */
function dueAtOf({ dueAt, waitsAbove }: Standing): number | undefined {
  if (dueAt !== null) return dueAt;
  return waitsAbove === null ? 0 : undefined;
}

function newStanding(topic: string): Standing {
  return {
    topic,
    next: -1,
    waitsAbove: null,
    dueAt: null,
    window: null,
    goesByGroup: true,
    error: null,
  };
}

const done = { errorCode: ErrorCode.NONE };
/** As for a group that does not exist, whose name it has. */
const unknown = { errorCode: ErrorCode.GROUP_ID_NOT_FOUND };

function answer(reply: Reply, rows: readonly SubscriptionRow[] = []): Decision {
  return { rows, reply, wake: new Map() };
}

function row(key: string, value: unknown): SubscriptionRow {
  return { key, value };
}

function lookRow(now: number): SubscriptionRow {
  return row('look', { at: now, error: null } satisfies Look);
}

function partitionRow(place: string, standing: Standing): SubscriptionRow {
  return row(`partition:${place}`, standing);
}
