/**
 * What is to go wrong: requests that are refused, answered late, or not answered at all. The
 * surprise: a fault may also strike behind the work, and then it is done and only its answer is
 * lost, which no client can tell from a request that never came.
 *
 * Behaviour
 * - Of several faults that fit a request the first one strikes; which is the one made first.
 * - A fault that has struck as often as it was to stays, to be asked how often that was.
 * - A Produce with acks 0 has no answer to lose: an error or a disconnection closes the connection.
 */
import { Unanswerable } from '../../broker/broker.ts';
import type { RequestContext } from '../../broker/context.ts';
import { errorInfo } from '../../protocol/errors.ts';
import type { Api, Fields, Infer } from '../../protocol/schema.ts';
import { Moment } from './moment.ts';
import { refused } from './refused.ts';
import { type Subject, subjectOf } from './subject.ts';

export interface FaultSpec {
  /** By Kafka's name. */
  readonly api: string;
  readonly topic?: string | undefined;
  readonly group?: string | undefined;
  readonly clientId?: string | undefined;
  readonly errorCode?: number | undefined;
  readonly delayMs?: number | undefined;
  readonly throttleTimeMs?: number | undefined;
  readonly disconnect: boolean;
  /** The work is done first. */
  readonly after: boolean;
  /** 0: until it is removed. */
  readonly times: number;
}

export class Fault {
  readonly id: string;
  readonly spec: FaultSpec;
  hits = 0;
  readonly removed = new Moment();

  constructor(id: string, spec: FaultSpec) {
    this.id = id;
    this.spec = spec;
  }

  fits(api: string, clientId: string | null, { topics, groups, allTopics }: Subject): boolean {
    const { spec } = this;
    if (spec.api !== api || this.isSpent) return false;
    if (spec.clientId !== undefined && spec.clientId !== clientId) return false;
    if (spec.topic !== undefined && !allTopics && !topics.has(spec.topic)) return false;
    return spec.group === undefined || groups.has(spec.group);
  }

  get isSpent(): boolean {
    return this.spec.times > 0 && this.hits >= this.spec.times;
  }

  toJSON(): object {
    const { errorCode, ...spec } = this.spec;
    const named = errorCode !== undefined && { errorCode: errorInfo(errorCode).name };
    return { id: this.id, ...spec, ...named, hits: this.hits };
  }
}

export class Faults {
  #made = 0;
  readonly #faults = new Map<string, Fault>();

  add(spec: FaultSpec): Fault {
    const fault = new Fault(String(++this.#made), spec);
    this.#faults.set(fault.id, fault);
    return fault;
  }

  get all(): readonly Fault[] {
    return [...this.#faults.values()];
  }

  /** Whether there was one. Who waits because of it goes on. */
  remove(id: string): boolean {
    this.#faults.get(id)?.removed.come();
    return this.#faults.delete(id);
  }

  clear(): void {
    for (const { id } of this.all) this.remove(id);
  }

  /**
   * Has a request answered, with whatever is to go wrong. `over`: nobody is to wait any longer.
   * Throws Unanswerable for a connection that is to be closed.
   */
  async answer<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    request: Infer<Q>,
    context: RequestContext,
    over: Promise<void>,
    respond: (request: Infer<Q>) => Promise<Infer<R>>,
  ): Promise<Infer<R>> {
    const isMeant = this.all.some(({ spec, isSpent }) => spec.api === api.name && !isSpent);
    if (!isMeant) return respond(request);
    const subject = await subjectOf(api.name, request, context);
    const fault = this.all.find((one) => one.fits(api.name, context.clientId, subject));
    if (fault === undefined) return respond(request);
    fault.hits++;
    const { after, delayMs = 0, disconnect, errorCode, throttleTimeMs = 0 } = fault.spec;
    const done = after ? await respond(request) : undefined;
    if (delayMs > 0) await passed(delayMs, fault, context.signal, over);
    if (disconnect) throw new Unanswerable(`${api.name}: fault ${fault.id} disconnects`);
    const topic = await topicOf(fault.spec, context);
    const response =
      errorCode === undefined
        ? (done ?? (await respond(request)))
        : await refused({ api, request, context, errorCode, topic, done, respond });
    if (response === undefined) throw new Unanswerable(`${api.name} has no place for an error`);
    if (throttleTimeMs === 0 || !('throttleTimeMs' in response)) return response;
    return { ...response, throttleTimeMs };
  }
}

async function topicOf({ topic: name }: FaultSpec, { metadata }: RequestContext) {
  if (name === undefined) return undefined;
  return { name, topicId: (await metadata.topic(name))?.topicId };
}

/** As long as the client is there, and the fault. */
async function passed(
  ms: number,
  fault: Fault,
  signal: AbortSignal,
  over: Promise<void>,
): Promise<void> {
  using removed = fault.removed.awaited();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const stop = () => resolve();
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  await Promise.race([promise, removed.promise, over]);
  signal.removeEventListener('abort', stop);
  clearTimeout(timer);
}
