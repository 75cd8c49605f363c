/**
 * A client that is led through the resets of a Kedge for tests: its connection stays, and all that
 * stands behind it is another. The surprise: the context it is given looks up each of its parts
 * whenever it is read, so whoever copies it before every request has those of the present.
 */
import { Unanswerable } from '../../broker/broker.ts';
import type { Between, RequestContext } from '../../broker/context.ts';
import {
  type ClientContext,
  type ClientOrigin,
  newContext,
  withPrincipal,
} from '../../broker/gateway.ts';
import { servedBy } from '../../broker/handlers/index.ts';
import { joinGroup } from '../../protocol/apis/join-group.ts';
import { shareFetch } from '../../protocol/apis/share-fetch.ts';
import { syncGroup } from '../../protocol/apis/sync-group.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Faults } from './faults.ts';
import type { Generation } from './generation.ts';
import type { Moment, Waiting } from './moment.ts';

/** What leads clients. */
export interface Leader {
  readonly generation: Generation;
  readonly faults: Faults;
  /** The clock has been moved. */
  readonly moved: Moment;
  /** When members of groups were last heard of, by their ids. */
  readonly heard: Map<string, number>;
}

/** The object holds these until others have acted, who are in another life now. */
const held: ReadonlySet<number> = new Set([joinGroup.key, syncGroup.key]);

/** The context of a client that comes in now. */
export function leadClient(
  leader: Leader,
  generation: Generation,
  origin: ClientOrigin,
): ClientContext {
  return new LedClient(leader, generation, origin).facade;
}

class LedClient {
  readonly #leader: Leader;
  readonly #origin: ClientOrigin;
  #generation: Generation;
  #context: ClientContext;
  #ended: Waiting;
  readonly facade: ClientContext;

  constructor(leader: Leader, generation: Generation, origin: ClientOrigin) {
    this.#leader = leader;
    this.#origin = origin;
    this.#generation = generation;
    this.#ended = this.#generation.ended.awaited();
    this.#context = this.#enter();
    const facade = { between: this.#between };
    for (const part of Object.keys(this.#context) as (keyof ClientContext)[]) {
      Object.defineProperty(facade, part, { enumerable: true, get: () => this.#present[part] });
    }
    this.facade = facade as unknown as ClientContext;
  }

  /** A connection goes on in the life that is; a single request ends with the one it came in. */
  get #present(): ClientContext {
    const { generation } = this.#leader;
    if (generation === this.#generation || this.#origin.place === undefined) return this.#context;
    const before = this.#context;
    this.#generation = generation;
    this.#ended = generation.ended.awaited();
    this.#context = this.#enter();
    before.watches.closeAll();
    return this.#context;
  }

  #enter(): ClientContext {
    const over = new AbortController();
    const ended = this.#ended;
    void ended.promise.then(() => over.abort());
    const signal = AbortSignal.any([this.#origin.signal, over.signal]);
    const context = newContext(this.#generation.gateway!, { ...this.#origin, signal });
    const { watches } = context;
    const closeAll = watches.closeAll.bind(watches);
    // The last that is done for any client.
    watches.closeAll = () => {
      ended[Symbol.dispose]();
      closeAll();
    };
    return context;
  }

  #between: Between = async (api, request, given, answer) => {
    const context = this.#contextOf(given);
    const generation = this.#generation;
    if (generation.ended.hasCome) throw new Unanswerable('Kedge was reset');
    const { memberId } = request as { readonly memberId?: unknown };
    if (typeof memberId === 'string') this.#leader.heard.set(memberId, context.now());
    generation.underWay++;
    using ended = generation.ended.awaited();
    using moved = this.#leader.moved.awaited();
    try {
      const { faults } = this.#leader;
      return await faults.answer(api, request, context, ended.promise, (asked) => {
        if (held.has(api.key)) {
          const gone = ended.promise.then(() => refusal());
          return Promise.race([answer(asked, context), gone]);
        }
        if (api.key !== shareFetch.key) return answer(asked, context);
        return answer(asked, until(moved.promise, context));
      });
    } finally {
      generation.underWay--;
    }
    function refusal() {
      const errorCode = ErrorCode.UNKNOWN_MEMBER_ID;
      const refused = servedBy(api)!.refuse(request, { errorCode, errorMessage: null }, context);
      if (refused === undefined) throw new Unanswerable('Kedge was reset');
      return refused;
    }
  };

  /** What was copied in another life is that of the present, of the same principal. */
  #contextOf(given: RequestContext): RequestContext {
    const present = this.#present;
    if (given.objects === present.objects) return given;
    const { apiVersion, clientId, nextMayStart, principal } = given;
    const known = principal === present.principal ? present : withPrincipal(present, principal);
    return { ...known, apiVersion, clientId, nextMayStart };
  }
}

/** Locks of records may have ended: who waits for them asks again. */
function until(moved: Promise<void>, context: RequestContext): RequestContext {
  const over = new AbortController();
  void moved.then(() => over.abort());
  return { ...context, signal: AbortSignal.any([context.signal, over.signal]) };
}
