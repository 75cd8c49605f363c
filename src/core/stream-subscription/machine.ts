/**
 * A subscription to streams as a machine: its streams, what is acknowledged of each, and the one
 * wake that is under way. The surprise: a wake has a generation, and whoever works on an older one
 * is refused, so two workers never acknowledge past each other.
 */
import type { CallOf, Machine, Outcome, ReplyOf, Row } from '../machine.ts';
import type { DefinedSubscription, LinkView, StreamSubscriptionCalls } from './calls.ts';
import { globMatches } from './glob.ts';

/** A stream that is there, as somebody has looked it up. */
export interface FoundStream {
  readonly path: string;
  readonly topicId: string;
  readonly tail: number;
}

/** What the host adds to what is asked, having looked around. */
export interface HostedCalls
  extends Omit<StreamSubscriptionCalls, 'look' | 'define' | 'claim' | 'acknowledge' | 'release'> {
  define: {
    command: { subscription: DefinedSubscription; found: readonly FoundStream[] };
    reply: null;
  };
  /** The streams there are now. */
  looked: { command: { found: readonly FoundStream[] }; reply: null };
  tails: { command: { tails: readonly { path: string; tail: number }[] }; reply: null };
  claim: { command: { worker: string }; reply: null };
  acknowledge: {
    command: { acks: readonly { path: string; offset: number }[]; done: boolean };
    reply: null;
  };
  delivered: { command: { wakeId: string; ok: boolean; done: boolean }; reply: null };
  /** The lease has ended, or was given back. */
  ended: { command: Record<never, never>; reply: null };
}

type Command = CallOf<HostedCalls>;
type Reply = ReplyOf<HostedCalls>;

export interface Link extends LinkView {
  /** Null: there is no such stream. */
  readonly topicId: string | null;
  readonly byPattern: boolean;
  /** What it holds when it is found does not count. */
  readonly fromEnd: boolean;
}

export interface WakeState {
  readonly generation: number;
  /** Null: none is under way. */
  readonly wakeId: string | null;
  /** By path: the ends when it began. */
  readonly snapshot: Readonly<Record<string, number>>;
  readonly triggeredBy: string;
  readonly holder: string | null;
  /** When it is told to the webhook or on the wake stream; null: it was, or need not be. */
  readonly tellAt: number | null;
  readonly failures: number;
  readonly leaseUntil: number | null;
}

const noWake: WakeState = {
  generation: 0,
  wakeId: null,
  snapshot: {},
  triggeredBy: '',
  holder: null,
  tellAt: null,
  failures: 0,
  leaseUntil: null,
};

const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

export class StreamSubscriptionMachine implements Machine<Command, Reply, Row> {
  readonly #newId: () => string;
  readonly #links = new Map<string, Link>();
  #subscription: DefinedSubscription | undefined;
  #wake = noWake;
  #mustLook = false;
  #mustRefresh = false;
  /** Memory only: the host is at work and looks by itself at what is due. */
  isAtWork = false;

  constructor(newId: () => string) {
    this.#newId = newId;
  }

  get subscription(): DefinedSubscription | undefined {
    return this.#subscription;
  }

  get wake(): WakeState {
    return this.#wake;
  }

  get links(): readonly Link[] {
    return [...this.#links.values()];
  }

  get mustLook(): boolean {
    return this.#subscription !== undefined && this.#mustLook;
  }

  /** Nobody may have been asked to say when there is something new. */
  get mustRefresh(): boolean {
    return this.#subscription !== undefined && this.#mustRefresh;
  }

  get hasWork(): boolean {
    return this.#pending(this.#links) !== undefined;
  }

  get deadline(): number | undefined {
    if (this.#subscription === undefined || this.isAtWork) return undefined;
    if (this.#mustLook || this.#mustRefresh) return 0;
    return this.#wake.tellAt ?? this.#wake.leaseUntil ?? undefined;
  }

  /** Whether the path is one of those it is about. */
  isAbout(path: string): boolean {
    const { pattern = null } = this.#subscription ?? {};
    const isNamed = this.#links.get(path)?.explicit === true;
    return isNamed || (pattern !== null && globMatches(pattern, path));
  }

  /** Whether one of these lies behind what is acknowledged, or beyond the stream. */
  isBadOffset(acks: readonly { path: string; offset: number }[]): boolean {
    return acks.some(({ path, offset }) => {
      const link = this.#links.get(path);
      return link === undefined || offset < Math.max(link.acked, 0) || offset > link.tail;
    });
  }

  decide(call: Command, now: number): Outcome<Reply, Row> {
    if (call.kind === 'wake') return this.#woken(call.command, now);
    if (call.kind === 'topicsChanged') {
      const isThere = this.#subscription !== undefined;
      return outcome(isThere ? [{ key: 'look', value: {} }] : [], { errorCode: 0 });
    }
    if (call.kind === 'addStreams' || call.kind === 'removeStream') return this.#changed(call);
    return outcome(this.#rowsOf(call, now), null);
  }

  replay({ key, value }: Row): void {
    if (key === 'subscription') this.#subscription = (value as DefinedSubscription) ?? undefined;
    else if (key === 'wake') this.#wake = (value as WakeState) ?? noWake;
    else if (key === 'look') this.#mustLook = value !== null;
    else if (key === 'refresh') this.#mustRefresh = value !== null;
    else if (value === null) this.#links.delete(key.slice('link:'.length));
    else this.#links.set(key.slice('link:'.length), value as Link);
  }

  expire(): Outcome<undefined, Row> {
    return outcome([], undefined);
  }

  #rowsOf(call: Command, now: number): Row[] {
    switch (call.kind) {
      case 'define':
        return this.#defined(call.command);
      case 'remove':
        return [
          { key: 'subscription', value: null },
          ...['look', 'refresh', 'wake'].map((key) => ({ key, value: null })),
          ...[...this.#links.keys()].map((path) => ({ key: `link:${path}`, value: null })),
        ];
      case 'looked':
        return this.#looked(call.command, now);
      case 'tails':
        return this.#refreshed(call.command, now);
      case 'claim':
        return this.#claimed(call.command.worker, now);
      case 'acknowledge':
        return this.#acknowledged(call.command, now);
      case 'delivered':
        return this.#delivered(call.command, now);
      case 'ended':
        return this.#withNext([], ended(this.#wake), now);
      default:
        return [];
    }
  }

  #refreshed({ tails }: HostedCalls['tails']['command'], now: number): Row[] {
    const rows: Row[] = tails.flatMap(({ path, tail }) => {
      const link = this.#links.get(path);
      return link === undefined || link.tail >= tail ? [] : [rowOf({ ...link, tail })];
    });
    if (this.#mustRefresh) rows.push({ key: 'refresh', value: null });
    return this.#withNext(rows, this.#wake, now);
  }

  #woken(
    { place, lastStableOffset }: StreamSubscriptionCalls['wake']['command'],
    now: number,
  ): Outcome<Reply, Row> {
    const topicId = place.slice(0, place.lastIndexOf(':'));
    const link = this.links.find((one) => one.topicId === topicId);
    const rows =
      link === undefined || link.tail >= lastStableOffset
        ? []
        : [rowOf({ ...link, tail: lastStableOffset })];
    // It is asked again when there is nothing to do.
    return outcome(this.#withNext(rows, this.#wake, now), { above: null });
  }

  #changed(call: Extract<Command, { kind: 'addStreams' | 'removeStream' }>): Outcome<Reply, Row> {
    if (this.#subscription === undefined) return outcome([], { outcome: 'notFound' });
    if (call.kind === 'addStreams') {
      const rows = call.command.paths.map((path) => {
        const link = this.#links.get(path) ?? { ...newLink(path, false), fromEnd: true };
        return rowOf({ ...link, explicit: true });
      });
      return outcome([...rows, { key: 'look', value: {} }], { outcome: 'done' });
    }
    const link = this.#links.get(call.command.path);
    if (link === undefined) return outcome([], { outcome: 'done' });
    const row = link.byPattern ? rowOf({ ...link, explicit: false }) : goneOf(link);
    return outcome([row], { outcome: 'done' });
  }

  #defined({ subscription, found }: HostedCalls['define']['command']): Row[] {
    const named = subscription.streams.map((path) => ({ ...newLink(path, false), explicit: true }));
    const links = new Map(named.map((link) => [link.path, link]));
    for (const { path, topicId, tail } of found) {
      const byPattern = subscription.pattern !== null && globMatches(subscription.pattern, path);
      const link = links.get(path);
      const explicit = link !== undefined;
      links.set(path, { path, topicId, tail, acked: tail, explicit, byPattern, fromEnd: false });
    }
    return [
      { key: 'subscription', value: subscription },
      { key: 'refresh', value: {} },
      ...[...links.values()].map((link) => rowOf(link)),
    ];
  }

  #looked({ found }: HostedCalls['looked']['command'], now: number): Row[] {
    const there = new Set(found.map(({ path }) => path));
    const pattern = this.#subscription?.pattern ?? null;
    const rows: Row[] = [
      { key: 'look', value: null },
      { key: 'refresh', value: {} },
    ];
    for (const { path, topicId, tail } of found) {
      const link = this.#links.get(path);
      if (link?.topicId === topicId) continue;
      const byPattern = pattern !== null && globMatches(pattern, path);
      const acked = link?.fromEnd ? tail : -1;
      const explicit = link?.explicit ?? false;
      rows.push(rowOf({ path, topicId, tail, acked, explicit, byPattern, fromEnd: false }));
    }
    for (const link of this.links) {
      if (there.has(link.path) || (link.topicId === null && !link.fromEnd)) continue;
      const missing = { ...newLink(link.path, link.byPattern), explicit: true };
      rows.push(link.explicit ? rowOf(missing) : goneOf(link));
    }
    return this.#withNext(rows, this.#wake, now);
  }

  #claimed(worker: string, now: number): Row[] {
    const wake = this.#wake.wakeId === null ? this.#begun(this.#links, now) : this.#wake;
    const leaseUntil = now + this.#subscription!.leaseTtlMs;
    return [wakeRow({ ...wake, holder: worker, tellAt: null, leaseUntil })];
  }

  #acknowledged({ acks, done }: HostedCalls['acknowledge']['command'], now: number): Row[] {
    const rows = acks.map(({ path, offset }) =>
      rowOf({ ...this.#links.get(path)!, acked: offset }),
    );
    const leaseUntil = now + this.#subscription!.leaseTtlMs;
    const wake = done ? ended(this.#wake) : { ...this.#wake, tellAt: null, leaseUntil };
    return this.#withNext(rows, wake, now);
  }

  #delivered({ wakeId, ok, done }: HostedCalls['delivered']['command'], now: number): Row[] {
    const wake = this.#wake;
    // It was acknowledged meanwhile, or is told anew.
    if (wake.wakeId !== wakeId || wake.tellAt === null) return [];
    if (!ok) {
      const wait = Math.min(firstRetryMs * 2 ** wake.failures, longestRetryMs);
      return [wakeRow({ ...wake, failures: wake.failures + 1, tellAt: now + wait })];
    }
    const told = { ...wake, failures: 0, tellAt: null };
    if (this.#subscription?.type === 'pull-wake') return [wakeRow(told)];
    if (!done) return [wakeRow({ ...told, leaseUntil: now + this.#subscription!.leaseTtlMs })];
    const acked = this.links.flatMap((link) => {
      // A stream that has come since may be called `constructor`.
      const tail = Object.hasOwn(wake.snapshot, link.path) ? wake.snapshot[link.path] : 0;
      return tail <= link.acked ? [] : [rowOf({ ...link, acked: tail })];
    });
    return this.#withNext(acked, ended(told), now);
  }

  /** The rows, and the next wake, if there is something to do and none is under way. */
  #withNext(rows: Row[], wake: WakeState, now: number): Row[] {
    const links = new Map(this.#links);
    for (const { key, value } of rows) {
      if (!key.startsWith('link:')) continue;
      if (value === null) links.delete(key.slice('link:'.length));
      else links.set(key.slice('link:'.length), value as Link);
    }
    const isFree = this.#subscription !== undefined && wake.wakeId === null;
    if (isFree && this.#pending(links) !== undefined) {
      return [...rows, wakeRow(this.#begun(links, now))];
    }
    if (wake === this.#wake) return rows;
    // None follows: so somebody has to say when there is something new.
    const refresh = isFree ? [{ key: 'refresh', value: {} }] : [];
    return [...rows, wakeRow(wake), ...refresh];
  }

  #begun(links: ReadonlyMap<string, Link>, now: number): WakeState {
    const snapshot = Object.fromEntries([...links.values()].map(({ path, tail }) => [path, tail]));
    return {
      ...noWake,
      generation: this.#wake.generation + 1,
      wakeId: this.#newId(),
      snapshot,
      triggeredBy: this.#pending(links)?.path ?? '',
      failures: this.#wake.failures,
      tellAt: now,
    };
  }

  #pending(links: ReadonlyMap<string, Link>): Link | undefined {
    for (const link of links.values()) if (isPending(link)) return link;
    return undefined;
  }
}

export function isPending({ tail, acked }: LinkView): boolean {
  return tail > Math.max(acked, 0);
}

function ended(wake: WakeState): WakeState {
  const { generation, failures } = wake;
  return { ...noWake, generation, failures };
}

function newLink(path: string, byPattern: boolean): Link {
  const nothing = { topicId: null, tail: 0, acked: 0, explicit: false, fromEnd: false };
  return { ...nothing, path, byPattern };
}

function rowOf(link: Link): Row {
  return { key: `link:${link.path}`, value: link };
}

function goneOf({ path }: Link): Row {
  return { key: `link:${path}`, value: null };
}

function wakeRow(wake: WakeState): Row {
  return { key: 'wake', value: wake };
}

function outcome<R>(rows: readonly Row[], reply: R): Outcome<R, Row> {
  return { rows, reply, wake: new Map() };
}
