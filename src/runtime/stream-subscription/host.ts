/**
 * A subscription to streams on its host, the same in a Durable Object and in memory. The surprise:
 * it is asleep while nothing happens; a stream that grows says so once, and is asked to say so
 * again when all of it is acknowledged.
 */

import type { TopicView } from '../../core/cluster/commands.ts';
import { partitionSpec } from '../../core/cluster/partition-spec.ts';
import type { Row } from '../../core/machine.ts';
import { offsetToken } from '../../core/stream/offset-token.ts';
import { nameOf, topicOf } from '../../core/stream/stream-name.ts';
import type {
  Claimed,
  DefinedSubscription,
  LinkView,
  StreamSubscriptionCalls,
  Wake,
} from '../../core/stream-subscription/calls.ts';
import { globMatches } from '../../core/stream-subscription/glob.ts';
import {
  type FoundStream,
  type HostedCalls,
  isPending,
  StreamSubscriptionMachine,
} from '../../core/stream-subscription/machine.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { buildBatch } from '../../protocol/records/index.ts';
import { eachBounded } from '../each-bounded.ts';
import { MachineHost } from '../machine-host.ts';
import { randomUuid } from '../random.ts';
import type { Rows } from '../rows.ts';
import type { Objects, Stub } from '../stubs.ts';
import { StreamSignatures } from './signatures.ts';

/** Names of subscriptions to streams begin so, which those of push subscriptions cannot. */
export const streamSubscriptionPrefix = '__ds/';

/** Its object. */
export function streamSubscription(objects: Objects, id: string): Stub<StreamSubscriptionCalls> {
  const stub: unknown = objects.subscription(`${streamSubscriptionPrefix}${id}`);
  return stub as Stub<StreamSubscriptionCalls>;
}

/** What it needs of the world. */
export interface StreamSubscriptionOutside {
  /** Those of the topics that this user may read. */
  readable(
    principal: DefinedSubscription['principal'],
    topics: readonly string[],
  ): Promise<readonly string[]>;
  mayWrite(principal: DefinedSubscription['principal'], topic: string): Promise<boolean>;
  /** Why nothing is sent to this address; undefined: it may be. */
  problemOf(url: string): string | undefined;
  /** Whether it arrived, and whether that is all. Throws nothing. */
  post(
    url: string,
    body: string,
    signature: string,
  ): Promise<{ readonly ok: boolean; readonly done: boolean }>;
}

/** Where nothing leads to, and everybody may read and write everything. */
export const noWebhooks: StreamSubscriptionOutside = {
  readable: async (_principal, topics) => topics,
  mayWrite: async () => true,
  problemOf: () => 'nothing can be sent from here',
  post: async () => ({ ok: false, done: false }),
};

export interface StreamSubscriptionHostOptions {
  readonly rows: Rows;
  readonly objects: Objects;
  readonly outside: StreamSubscriptionOutside;
  now(): number;
  setAlarm(at: number): void;
}

type Commands = { [K in keyof StreamSubscriptionCalls]: StreamSubscriptionCalls[K]['command'] };
type Replies = { [K in keyof StreamSubscriptionCalls]: StreamSubscriptionCalls[K]['reply'] };

/** What it is about at most: the others are left out. */
export const mostStreams = 5_000;
/** Streams asked at the same time. */
const atOnce = 50;
/** Streams that could not be looked up are looked up again then. */
const lookAgainMs = 5_000;
/** The longest that one alarm goes on. */
const mostSteps = 100;

export class StreamSubscriptionHost implements Stub<StreamSubscriptionCalls> {
  readonly #options: StreamSubscriptionHostOptions;
  readonly #host: MachineHost<HostedCalls, Row, StreamSubscriptionMachine>;
  #signatures: StreamSignatures | undefined;
  /** Memory only: what each stream was asked to say, and has not said yet. */
  readonly #awaited = new Map<string, number>();
  /** One after the other: each looks around before it decides. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: StreamSubscriptionHostOptions) {
    this.#options = options;
    this.#host = new MachineHost({
      create: () => new StreamSubscriptionMachine(() => `w_${randomUuid()}`),
      rows: options.rows,
      now: options.now,
      setAlarm: (at) => options.setAlarm(Math.max(at, options.now())),
      // The machine refuses nothing by an error, so this answers for bugs alone.
      refuse: (call, _code, message) => {
        throw new Error(`${call.kind}: ${message}`);
      },
      onBug: (error) => console.error('Kedge met a bug in a subscription to streams:', error),
    });
  }

  call<K extends keyof StreamSubscriptionCalls & string>(
    kind: K,
    command: StreamSubscriptionCalls[K]['command'],
  ): Promise<StreamSubscriptionCalls[K]['reply']> {
    if (kind === 'wake') this.#awaited.delete((command as Commands['wake']).place);
    if (kind === 'wake' || kind === 'topicsChanged') {
      return this.#host.call(kind, command as never) as Promise<Replies[K]>;
    }
    const answer = this.#turn.then(() => this.#answer(kind, command as Commands[K]));
    this.#turn = answer.catch(() => {});
    return answer;
  }

  async #answer<K extends keyof StreamSubscriptionCalls>(
    kind: K,
    command: Commands[K],
  ): Promise<Replies[K]> {
    const answers: { [C in keyof StreamSubscriptionCalls]?: (it: never) => Promise<unknown> } = {
      define: (it: Commands['define']) => this.#define(it.subscription),
      look: () => this.#look(),
      remove: () => this.#remove(),
      addStreams: (it: Commands['addStreams']) => this.#addStreams(it.paths),
      removeStream: (it: Commands['removeStream']) => this.#host.call('removeStream', it),
      claim: (it: Commands['claim']) => this.#claim(it.worker),
      acknowledge: (it: Commands['acknowledge']) => this.#acknowledge(it),
      release: (it: Commands['release']) => this.#release(it),
    };
    const answer = answers[kind];
    if (answer === undefined) throw new Error(`a subscription to streams knows no ${kind}`);
    return (await answer(command as never)) as Replies[K];
  }

  /** What the alarm does. Throws nothing. */
  async expire(): Promise<void> {
    const { machine } = this.#host;
    machine.isAtWork = true;
    try {
      for (let left = mostSteps; left > 0 && (await this.#step()); left--) {}
    } catch (error) {
      console.error('a subscription to streams could not go on', error);
      this.#options.setAlarm(this.#options.now() + lookAgainMs);
      return;
    } finally {
      machine.isAtWork = false;
    }
    this.#host.expire();
  }

  /** Whether there was something to do. */
  async #step(): Promise<boolean> {
    const { machine } = this.#host;
    const now = this.#options.now();
    const { tellAt, leaseUntil } = machine.wake;
    if (machine.mustLook) await this.#lookAround();
    else if (machine.mustRefresh) await this.#refresh('unasked');
    else if (tellAt !== null && tellAt <= now) await this.#tell();
    else if (leaseUntil !== null && leaseUntil <= now) {
      await this.#refresh('unasked');
      await this.#host.call('ended', {});
    } else return false;
    return machine.subscription !== undefined;
  }

  async #define(subscription: DefinedSubscription): Promise<Replies['define']> {
    const known = this.#host.machine.subscription;
    if (known !== undefined)
      return { outcome: isAlike(known, subscription) ? 'exists' : 'differs' };
    const { webhookUrl, pattern, streams } = subscription;
    const why = webhookUrl === null ? undefined : this.#options.outside.problemOf(webhookUrl);
    if (why !== undefined) return { outcome: 'refused', why };
    // Before it exists: so it hears of every stream that comes later.
    const topics = pattern === null ? streams.flatMap((path) => topicOf(path) ?? []) : anyTopic;
    await this.#announce(subscription.id, topics);
    const found = await this.#find(subscription, isAboutOf(subscription));
    await this.#host.call('define', { subscription, found });
    await this.#refresh();
    return { outcome: 'created' };
  }

  async #announce(id: string, topics: readonly string[] | null): Promise<void> {
    const name = `${streamSubscriptionPrefix}${id}`;
    await this.#options.objects.controller().call('registerSubscription', { name, topics });
  }

  async #look(): Promise<Replies['look']> {
    const { subscription, links, wake } = this.#host.machine;
    if (subscription === undefined) return { found: null };
    return { found: { subscription, links, status: wake.failures > 0 ? 'failed' : 'active' } };
  }

  async #remove(): Promise<null> {
    const { subscription } = this.#host.machine;
    if (subscription === undefined) return null;
    await this.#host.call('remove', {});
    await this.#announce(subscription.id, null);
    return null;
  }

  async #addStreams(paths: readonly string[]): Promise<Replies['addStreams']> {
    const reply = await this.#host.call('addStreams', { paths });
    const { subscription, links } = this.#host.machine;
    if (subscription === undefined) return reply;
    if (subscription.pattern === null) {
      const topics = links.flatMap(({ path }) => topicOf(path) ?? []);
      await this.#announce(subscription.id, topics);
    }
    await this.#lookAround();
    return reply;
  }

  async #claim(worker: string): Promise<Replies['claim']> {
    const { machine } = this.#host;
    if (machine.subscription === undefined) return { outcome: 'notFound' };
    if (machine.subscription.type !== 'pull-wake') return { outcome: 'otherType' };
    const { holder, generation } = machine.wake;
    if (holder !== null) return { outcome: 'held', holder, generation };
    await this.#leaveOutUnreadable();
    await this.#refresh();
    if (!machine.hasWork) return { outcome: 'noWork' };
    await this.#host.call('claim', { worker });
    return { outcome: 'claimed', wake: await this.#wake() };
  }

  async #acknowledge(command: Commands['acknowledge']): Promise<Replies['acknowledge']> {
    const { machine } = this.#host;
    if (machine.subscription !== undefined && machine.subscription.type !== command.by) {
      return { outcome: 'otherType' };
    }
    const denied = await this.#denied(command);
    if (denied !== undefined) return { outcome: denied };
    await this.#refresh(new Set(command.acks.map(({ path }) => path)));
    if (machine.isBadOffset(command.acks)) return { outcome: 'badOffset' };
    await this.#host.call('acknowledge', { acks: command.acks, done: command.done });
    if (command.done) await this.#refresh('unasked');
    return { outcome: 'done', nextWake: command.done && machine.wake.wakeId !== null };
  }

  async #release(command: Claimed): Promise<Replies['release']> {
    const { subscription } = this.#host.machine;
    if (subscription !== undefined && subscription.type !== 'pull-wake') {
      return { outcome: 'otherType' };
    }
    const denied = await this.#denied(command);
    if (denied !== undefined) return { outcome: denied };
    await this.#host.call('ended', {});
    await this.#refresh('unasked');
    return { outcome: 'done' };
  }

  /** Why whoever shows this may not work on the wake; undefined: they may. */
  async #denied({ token, wakeId, generation }: Claimed) {
    const { machine } = this.#host;
    if (machine.subscription === undefined) return 'notFound';
    const signatures = await this.#sign();
    const said = await signatures.generationOf(machine.subscription.id, token);
    if (said === undefined) return 'badToken';
    const { wake } = machine;
    const isIt = wake.wakeId !== null && wake.wakeId === wakeId && wake.generation === generation;
    return isIt && said === generation ? undefined : 'fenced';
  }

  async #wake(): Promise<Wake> {
    const { subscription, wake, links } = this.#host.machine;
    const { generation } = wake;
    const token = await (await this.#sign()).tokenFor(subscription!.id, generation);
    return { wakeId: wake.wakeId!, generation, token, links };
  }

  /** Tells the webhook, or on the wake stream, that there is something. */
  async #tell(): Promise<void> {
    const subscription = this.#host.machine.subscription!;
    await this.#leaveOutUnreadable();
    if (!this.#host.machine.hasWork) return void (await this.#host.call('ended', {}));
    const wake = await this.#wake();
    const { wakeId } = wake;
    if (subscription.type === 'pull-wake') {
      await this.#tellWorkers(subscription, wake);
      return void (await this.#host.call('delivered', { wakeId, ok: true, done: false }));
    }
    const body = JSON.stringify({
      subscription_id: subscription.id,
      wake_id: wakeId,
      generation: wake.generation,
      streams: wake.links.map(linkJson),
      callback_url: `${subscriptionUrl(subscription)}/callback`,
      callback_token: wake.token,
    });
    const seconds = Math.floor(this.#options.now() / 1_000);
    const signature = await (await this.#sign()).signatureOf(body, seconds);
    const told = await this.#options.outside.post(subscription.webhookUrl!, body, signature);
    await this.#host.call('delivered', { wakeId, ...told });
    if (told.done) await this.#refresh('unasked');
  }

  /** Once, however often it is tried: the generation is the producer's epoch. */
  async #tellWorkers(subscription: DefinedSubscription, wake: Wake): Promise<void> {
    const { id, wakeStream, principal } = subscription;
    const [topic] = await this.#topics([topicOf(wakeStream!) ?? '']);
    if (topic === undefined) return;
    // Its maker might, and may not any more.
    if (!(await this.#options.outside.mayWrite(principal, topic.name))) return;
    const { generation } = wake;
    const ts = this.#options.now();
    const stream = this.#host.machine.wake.triggeredBy;
    const event = { type: 'wake', subscription_id: id, stream, generation, ts };
    const value = new TextEncoder().encode(JSON.stringify(event));
    await this.#options.objects.partition(topic.topicId, 0).call('streamAppend', {
      spec: partitionSpec(topic, 0),
      records: buildBatch([{ value, timestamp: ts }]),
      contentType: 'application/json',
      producer: { producerId: `${streamSubscriptionPrefix}${id}`, epoch: generation, seq: 0 },
      close: false,
    });
  }

  /** What its maker might read, and may not any more, is nothing that anybody is told of. */
  async #leaveOutUnreadable(): Promise<void> {
    const { subscription, links } = this.#host.machine;
    const there = links.filter(({ topicId }) => topicId !== null);
    const topics = there.flatMap(({ path }) => topicOf(path) ?? []);
    const readable = await this.#options.outside.readable(subscription!.principal, topics);
    if (readable.length < topics.length) await this.#lookAround();
  }

  /** Which streams there are. */
  async #lookAround(): Promise<void> {
    const { machine } = this.#host;
    const subscription = machine.subscription!;
    const found = await this.#find(subscription, (path) => machine.isAbout(path));
    await this.#host.call('looked', { found });
    await this.#refresh('unasked');
  }

  async #find(
    subscription: DefinedSubscription,
    isAbout: (path: string) => boolean,
  ): Promise<FoundStream[]> {
    const topics = (await this.#topics(null)).filter(({ name }) => isAbout(nameOf(name) ?? ''));
    const names = topics.map(({ name }) => name);
    const readable = new Set(await this.#options.outside.readable(subscription.principal, names));
    const known = new Map(this.#host.machine.links.map((link) => [link.topicId, link]));
    const found: FoundStream[] = [];
    await eachBounded(
      topics.filter(({ name }) => readable.has(name)).slice(0, mostStreams),
      async ({ name, topicId }) => {
        const link = known.get(topicId);
        if (link !== undefined)
          return void found.push({ path: link.path, topicId, tail: link.tail });
        const { errorCode, offset } = await this.#options.objects
          .partition(topicId, 0)
          .call('listOffset', { timestamp: -1, currentLeaderEpoch: -1, isolationLevel: 1 });
        if (errorCode !== ErrorCode.NONE) return;
        found.push({ path: nameOf(name)!, topicId, tail: offset });
      },
      { atOnce },
    );
    return found.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /**
   * Learns where streams end, and has those that hold nothing new say when they do. `unasked`: not
   * those that were asked already, for they will say so.
   */
  async #refresh(which: 'all' | 'unasked' | ReadonlySet<string> = 'all'): Promise<void> {
    const { subscription, links } = this.#host.machine;
    if (subscription === undefined) return;
    const tails: { path: string; tail: number }[] = [];
    await eachBounded(
      links,
      async ({ path, topicId, acked }) => {
        const above = Math.max(acked, 0);
        if (topicId === null || (which instanceof Set && !which.has(path))) return;
        if (which === 'unasked' && this.#awaited.get(`${topicId}:0`) === above) return;
        const tail = await this.#awaitGrowth(subscription, topicId, above);
        if (tail !== undefined) tails.push({ path, tail });
      },
      { atOnce },
    );
    await this.#host.call('tails', { tails });
  }

  /** Where the stream ends; undefined: it is gone, which will be told. */
  async #awaitGrowth(
    { id }: DefinedSubscription,
    topicId: string,
    above: number,
  ): Promise<number | undefined> {
    const reader = `${streamSubscriptionPrefix}${id}`;
    const place = `${topicId}:0`;
    this.#awaited.delete(place);
    const { errorCode, lastStableOffset, isWaiting } = await this.#options.objects
      .partition(topicId, 0)
      .call('awaitGrowth', { reader, place, above });
    if (errorCode !== ErrorCode.NONE) return undefined;
    if (isWaiting) this.#awaited.set(place, above);
    return lastStableOffset;
  }

  async #topics(names: readonly string[] | null): Promise<readonly TopicView[]> {
    const topicIds = names === null ? null : [];
    const asked = { names, topicIds };
    return (await this.#options.objects.controller().call('getTopics', asked)).topics;
  }

  async #sign(): Promise<StreamSignatures> {
    this.#signatures ??= await signaturesOf(this.#options.objects);
    return this.#signatures;
  }
}

/** Any topic that comes or goes. */
const anyTopic = ['*'];

async function signaturesOf(objects: Objects): Promise<StreamSignatures> {
  const { secret } = await objects.controller().call('getSecret', {});
  return new StreamSignatures(secret);
}

/** One of its streams, as the dialect tells it. */
export function linkJson(link: LinkView) {
  const { path, explicit, acked, tail } = link;
  return {
    path,
    link_type: explicit ? 'explicit' : 'glob',
    acked_offset: acked < 0 ? '-1' : offsetToken(acked),
    tail_offset: offsetToken(tail),
    has_pending: isPending(link),
  };
}

export function subscriptionUrl({ base, id }: DefinedSubscription): string {
  return `${base}__ds/subscriptions/${encodeURIComponent(id)}`;
}

function isAboutOf({ pattern, streams }: DefinedSubscription): (path: string) => boolean {
  return (path) => streams.includes(path) || (pattern !== null && globMatches(pattern, path));
}

/** Whether the maker has asked for the same. */
function isAlike(known: DefinedSubscription, asked: DefinedSubscription): boolean {
  return essence(known) === essence(asked);
}

function essence(subscription: DefinedSubscription): string {
  const { type, pattern, streams, webhookUrl, wakeStream, leaseTtlMs, description } = subscription;
  const names = [...new Set(streams)].sort();
  return JSON.stringify([type, pattern, names, webhookUrl, wakeStream, leaseTtlMs, description]);
}
