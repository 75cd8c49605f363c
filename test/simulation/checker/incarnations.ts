/**
 * Topics that are deleted and made again: which incarnation each step was about, so that all other
 * checks can tell their offsets apart. The surprise: who knows only a name is not told which topic
 * bore it; what the step did is then found out by where its values were read and by who was alive.
 */
import type { Anomaly } from './check.ts';
import type { History, Operation, PartitionName, Poll, SeenRecord, Send, Step } from './history.ts';
import { seenBy, sendsOf } from './history.ts';

/** How long a deleted topic may linger where nothing goes wrong. */
const lingersMs = 10_000;

interface Incarnation {
  readonly topicId: string;
  /** It did not exist before. */
  bornAfter: number;
  /** It had been made by then; Infinity: nobody was told. */
  readonly bornBy: number;
  /** It was not deleted before; Infinity: never. */
  diesAfter: number;
  /** Nothing of it may be seen any more. */
  goneBy: number;
}

/** The incarnations of each topic that is made in this history. */
type Topics = ReadonlyMap<string, readonly Incarnation[]>;

export interface Resolved {
  /** The same with every partition of such topics named with its incarnation. */
  readonly history: History;
  readonly anomalies: readonly Anomaly[];
  /** Whether a partition may have been deleted: what was written to it may be gone unread. */
  isGone(partition: PartitionName, by?: number): boolean;
}

/** @param calmFrom from when on nothing goes wrong any more */
export function resolveIncarnations(history: History, calmFrom: number): Resolved {
  const topics = incarnationsOf(history, calmFrom);
  if (topics.size === 0) return { history, anomalies: [], isGone: () => false };
  const values = new Values(history, topics);
  const resolver = new Resolver(topics, values);
  const resolved = history.flatMap((operation) => resolver.resolve(operation));
  const again = seenAgain(history, topics, values);
  return {
    history: resolved,
    anomalies: [...madeTwice(history), ...again, ...resolver.lost],
    isGone: (partition, by = never) =>
      (incarnationNamed(topics, partition)?.diesAfter ?? never) < by,
  };
}

interface Place {
  readonly topic: string;
  readonly index: string;
  readonly topicId: string | undefined;
}

function placeOf(partition: PartitionName): Place {
  const [, topic, index, topicId] = /^([^@]*)-(\d+)(?:@(.*))?$/.exec(partition) ?? [];
  return { topic: topic ?? partition, index: index ?? '0', topicId };
}

function incarnationNamed(topics: Topics, partition: PartitionName): Incarnation | undefined {
  const { topic, topicId } = placeOf(partition);
  return topics.get(topic)?.find((one) => one.topicId === topicId);
}

function nameIn({ topic, index }: Place, { topicId }: Incarnation): PartitionName {
  return `${topic}-${index}@${topicId}`;
}

function incarnationsOf(history: History, calmFrom: number): Topics {
  const topics = new Map<string, Incarnation[]>();
  for (const { step } of eachStep(history, 'created')) topics.set(step.topic, []);
  for (const [topic, all] of topics) {
    made(history, topic, all);
    const ids = new Set(all.map(({ topicId }) => topicId));
    const others = [...idsSeen(history, topic)].filter((topicId) => !ids.has(topicId));
    // Made by those who were not told, each at most one; nobody knows the others.
    const hidden = [...eachStep(history, 'created')]
      .filter(({ outcome, step }) => outcome === 'unknown' && step.topic === topic)
      .map(({ beganAt }) => beganAt);
    const bornAfter = Math.min(...hidden);
    for (const topicId of others) all.push({ ...immortal, topicId, bornAfter });
    for (let i = others.length; i < hidden.length; i++) {
      all.push({ ...immortal, topicId: `hidden-${i}`, bornAfter, diesAfter: bornAfter });
    }
    deleted(history, topic, all, calmFrom);
  }
  return topics;
}

const never = Number.POSITIVE_INFINITY;
const immortal = { bornBy: never, diesAfter: never, goneBy: never };

/** Those whose makers were told. */
function made(history: History, topic: string, all: Incarnation[]): void {
  for (const { outcome, step, beganAt, endedAt } of eachStep(history, 'created')) {
    if (outcome !== 'ok' || step.topic !== topic || step.topicId === undefined) continue;
    const { topicId } = step;
    if (all.some((one) => one.topicId === topicId)) continue;
    all.push({ ...immortal, topicId, bornAfter: beganAt, bornBy: endedAt });
  }
}

function deleted(
  history: History,
  topic: string,
  all: readonly Incarnation[],
  calmFrom: number,
): void {
  for (const { outcome, step, beganAt, endedAt } of eachStep(history, 'deleted')) {
    if (outcome === 'fail' || step.topic !== topic) continue;
    const { topicId } = step;
    for (const one of all) {
      const isMeant = topicId === undefined ? one.bornAfter < endedAt : one.topicId === topicId;
      if (!isMeant) continue;
      one.diesAfter = Math.min(one.diesAfter, beganAt);
      const wasIt = topicId !== undefined || one.bornBy < beganAt;
      if (outcome !== 'ok' || !wasIt) continue;
      one.goneBy = Math.min(one.goneBy, Math.max(endedAt, calmFrom) + lingersMs);
    }
  }
}

function idsSeen(history: History, topic: string): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const operation of history) {
    for (const { partition } of [...seenBy(operation), ...sendsOf(operation)]) {
      const place = placeOf(partition);
      if (place.topic === topic && place.topicId !== undefined) ids.add(place.topicId);
    }
  }
  return ids;
}

function* eachStep<K extends Step['kind']>(history: History, kind: K) {
  for (const { outcome, beganAt, endedAt, steps } of history) {
    for (const step of steps) {
      if (step.kind !== kind) continue;
      yield { outcome, beganAt, endedAt, step: step as Extract<Step, { kind: K }> };
    }
  }
}

/** Where each value is: told by who read it under an id, or by there being no other place. */
class Values {
  /** Of a value that can be in one place only. */
  readonly #only = new Map<string, PartitionName>();
  /** By value and offset: where it was read. */
  readonly #readAt = new Map<string, Set<PartitionName>>();
  readonly #highestRead = new Map<PartitionName, number>();
  readonly #read = new Set<string>();
  readonly #topics: Topics;

  constructor(history: History, topics: Topics) {
    this.#topics = topics;
    for (const operation of history) {
      for (const { partition, value } of sendsOf(operation)) {
        const { topicId } = placeOf(partition);
        const all = topicId ? [partition] : this.candidates(partition, operation);
        if (all.length === 1) this.#only.set(value, all[0]);
      }
      for (const { partition, value, offset } of seenBy(operation)) {
        this.#read.add(value);
        if (incarnationNamed(topics, partition) === undefined) continue;
        const key = `${value}@${offset}`;
        this.#readAt.set(key, (this.#readAt.get(key) ?? new Set()).add(partition));
        const highest = Math.max(this.#highestRead.get(partition) ?? -1, offset);
        this.#highestRead.set(partition, highest);
      }
    }
  }

  /** The incarnations that something done by name may have been done to. */
  candidates(partition: PartitionName, { beganAt, endedAt }: Operation): PartitionName[] {
    const place = placeOf(partition);
    return (this.#topics.get(place.topic) ?? [])
      .filter(({ bornAfter, goneBy }) => bornAfter < endedAt && beganAt < goneBy)
      .map((one) => nameIn(place, one));
  }

  /** Where a value is that stands at this offset; undefined: nobody can tell. */
  homeOf(value: string, offset: number): PartitionName | undefined {
    const readAt = this.#readAt.get(`${value}@${offset}`);
    return readAt?.size === 1 ? [...readAt][0] : this.#only.get(value);
  }

  wasRead(value: string): boolean {
    return this.#read.has(value);
  }

  wasReadPast(partition: PartitionName, offset: number): boolean {
    return (this.#highestRead.get(partition) ?? -1) >= offset;
  }
}

function madeTwice(history: History): Anomaly[] {
  const seen = new Set<string>();
  return [...eachStep(history, 'created')].flatMap(({ outcome, step: { topic, topicId } }) => {
    if (outcome !== 'ok' || topicId === undefined) return [];
    const isNew = !seen.has(topicId);
    seen.add(topicId);
    const detail = `${topic} was made twice as ${topicId}`;
    return isNew ? [] : [{ key: 'resurrected' as const, detail }];
  });
}

/** Values in an incarnation that is younger than they are, or where they were not sent to. */
function seenAgain(history: History, topics: Topics, values: Values): Anomaly[] {
  const senders = new Map<string, { operation: Operation; partition: PartitionName }>();
  for (const operation of history) {
    for (const { value, partition } of sendsOf(operation)) {
      senders.set(value, { operation, partition });
    }
  }
  const found: Anomaly[] = [];
  for (const operation of history) {
    const { process, beganAt } = operation;
    for (const { partition, value, offset } of seenBy(operation)) {
      const { topic, topicId } = placeOf(partition);
      const sent = senders.get(value);
      const home = topicId === undefined ? values.homeOf(value, offset) : partition;
      const one = home === undefined ? undefined : incarnationNamed(topics, home);
      if (!topics.has(topic) || one === undefined) continue;
      const isOlder = sent?.operation.outcome === 'ok' && sent.operation.endedAt < one.bornAfter;
      const isElsewhere = sent !== undefined && placeOf(sent.partition).topicId !== undefined;
      const isAstray = isElsewhere && sent.partition !== home;
      const detail = `${process} read ${value} at ${partition}`;
      if (isOlder || isAstray || beganAt > one.goneBy) found.push({ key: 'resurrected', detail });
    }
  }
  return found;
}

/** Names with its incarnation whatever steps were about. */
class Resolver {
  readonly #topics: Topics;
  readonly #values: Values;
  readonly lost: Anomaly[] = [];

  constructor(topics: Topics, values: Values) {
    this.#topics = topics;
    this.#values = values;
  }

  resolve(operation: Operation): readonly Operation[] {
    const { steps, process, outcome } = operation;
    if (!steps.some((step) => partitionsOf(step).some((one) => this.#isVague(one)))) {
      return [operation];
    }
    const possible: Step[] = [];
    const byName: SeenRecord[][] = [];
    const certain = steps.flatMap((step): Step[] => {
      if (step.kind === 'poll') {
        byName.push(...this.#foundByName(step));
        return [{ ...step, records: step.records.filter((one) => !this.#isVague(one.partition)) }];
      }
      if (!('partition' in step) || !this.#isVague(step.partition)) return [step];
      if (step.kind === 'send') return this.#send(step, operation);
      const names = this.#values.candidates(step.partition, operation);
      // There may have been no such topic just then.
      if (step.kind === 'committed' && step.offset < 0 && this.#isAway(names, operation)) return [];
      const named = names.map((partition) => ({ ...step, partition }));
      if (named.length === 1) return named;
      if (step.kind === 'commit') possible.push(...named);
      return [];
    });
    const operations: Operation[] = [{ ...operation, steps: certain }];
    if (possible.length > 0 && outcome !== 'fail') {
      operations.push({ ...operation, outcome: 'unknown', steps: possible });
    }
    for (const [i, records] of byName.entries()) {
      // Where this reader stood before, another incarnation may have borne the name.
      const reader = `${process} ${operation.beganAt} ${i}`;
      const steps: Step[] = [{ kind: 'poll', records }];
      operations.push({ ...operation, process: reader, glimpsed: true, steps });
    }
    return operations;
  }

  #isAway(names: readonly PartitionName[], { endedAt }: Operation): boolean {
    return names.every((name) => incarnationNamed(this.#topics, name)!.diesAfter < endedAt);
  }

  /** Whether only the name of a topic is known that is made again. */
  #isVague(partition: PartitionName): boolean {
    const { topic, topicId } = placeOf(partition);
    return topicId === undefined && this.#topics.has(topic);
  }

  /** What a poll by name brought: one after the other, but for what may be in several places. */
  #foundByName({ records }: Poll): SeenRecord[][] {
    const vague = records.filter(({ partition }) => this.#isVague(partition));
    const found = vague.flatMap((record) => {
      const partition = this.#values.homeOf(record.value, record.offset);
      return partition === undefined ? [] : [{ ...record, partition }];
    });
    return found.length === vague.length ? [found] : found.map((record) => [record]);
  }

  /** Where a value went that was sent to a name: nowhere, if nobody read it and many could. */
  #send(step: Send, operation: Operation): Send[] {
    const { value, offset } = step;
    const candidates = this.#values.candidates(step.partition, operation);
    if (candidates.length === 1) return [{ ...step, partition: candidates[0] }];
    if (operation.outcome !== 'ok' || offset === undefined) return [];
    const wereRead = candidates.every((one) => this.#values.wasReadPast(one, offset));
    if (wereRead && !this.#values.wasRead(value)) {
      const where = `${step.partition} offset ${offset}, in no incarnation`;
      this.lost.push({ key: 'lost-write', detail: `${value} of ${operation.process}, ${where}` });
    }
    return [];
  }
}

function partitionsOf(step: Step): readonly PartitionName[] {
  if (step.kind === 'poll') return step.records.map(({ partition }) => partition);
  return 'partition' in step ? [step.partition] : [];
}
