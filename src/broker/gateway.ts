/**
 * What an isolate keeps for all its clients, and what each client gets of it. The surprise: only
 * plain data is shared; stubs, watches and promises belong to the invocation that made them, so
 * every connection (and every HTTP request) has its own.
 */
import { timeNow } from '../runtime/clock.ts';
import { advertisedTo, type BrokerConfig } from '../runtime/config.ts';
import type { Objects } from '../runtime/stubs.ts';
import type { Access } from './access.ts';
import { authorizerFor, authorizerSettings } from './acl-authorizer.ts';
import { type AuthorizerSettings, KnownAcls } from './acl-memory.ts';
import { AnswerMemory } from './answer-memory.ts';
import type { Principal } from './authorizer.ts';
import { type ConnectionPlace, Connections } from './connections.ts';
import type { RequestContext } from './context.ts';
import { ControllerWatch } from './controller-watch.ts';
import { CountedObjects } from './counted-objects.ts';
import { Credentials } from './credentials.ts';
import { FetchSessionRoom, FetchSessions } from './fetch-sessions.ts';
import { GroupConfigMemory, GroupConfigs } from './group-configs.ts';
import { ClusterMemory, metadataCache } from './metadata-cache.ts';
import { ProducerIds } from './producer-ids.ts';
import { Quotas } from './quotas.ts';
import { ShareSessions } from './share-sessions.ts';
import { ConnectionWatches } from './watches.ts';

/** One for each isolate. */
export interface Gateway {
  readonly objects: Objects;
  readonly config: BrokerConfig;
  readonly memory: ClusterMemory;
  readonly producerIds: ProducerIds;
  readonly answers: AnswerMemory;
  readonly groupConfigs: GroupConfigMemory;
  readonly fetchSessions: FetchSessionRoom;
  readonly connections: Connections;
  /** Undefined: everybody may do everything. */
  readonly authorizer: AuthorizerSettings | undefined;
  /** Gives a client its context in the place of `newContext`; absent: nobody does. */
  readonly admit?: (client: ClientOrigin) => ClientContext;
}

export function createGateway(
  objects: Objects,
  config: BrokerConfig,
  access: Pick<Access, 'open'>,
): Gateway {
  return {
    objects,
    config,
    memory: new ClusterMemory(),
    producerIds: new ProducerIds(),
    answers: new AnswerMemory(),
    groupConfigs: new GroupConfigMemory(),
    fetchSessions: new FetchSessionRoom(),
    connections: new Connections(config),
    authorizer: authorizerSettings(config, access),
  };
}

/** The parts of a request's context that are the same for a whole connection. */
export interface ClientContext
  extends Omit<RequestContext, 'apiVersion' | 'clientId' | 'nextMayStart'> {
  readonly objects: CountedObjects;
  /** As in `ClientOrigin`; Infinity: never. */
  readonly expiresAt: number;
  /** As in `ClientOrigin`. */
  readonly place?: ConnectionPlace | undefined;
}

/** What is known of a client before it asks anything. */
export interface ClientOrigin {
  /** Who it has proven to be; `anonymous` where nobody is asked. */
  readonly principal: Principal;
  /** When what it proved that with is worth nothing any more; absent: it does not expire. */
  readonly expiresAt?: number | undefined;
  /** The connection's, to be left when it is over; absent: it is none, but an HTTP request. */
  readonly place?: ConnectionPlace | undefined;
  /** `/127.0.0.1` */
  readonly clientHost: string;
  /**
   * Where the client has reached us: what it is told to connect to, unless the config says more.
   */
  readonly dialled: { readonly host: string; readonly port: number };
  /** Where it says that we are to be reached: its own end of a tunnel. It is told nothing else. */
  readonly advertise?: { readonly host: string; readonly port: number };
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/** Close its `watches` and both kinds of sessions when the client is gone. */
export function clientContext(gateway: Gateway, client: ClientOrigin): ClientContext {
  return gateway.admit?.(client) ?? newContext(gateway, client);
}

export function newContext(gateway: Gateway, client: ClientOrigin): ClientContext {
  const now = timeNow;
  const objects = new CountedObjects(gateway.objects);
  const { config, memory, producerIds, answers, authorizer } = gateway;
  const changes = new ControllerWatch(objects, memory, now);
  const watches = new ConnectionWatches(objects, answers, now, changes);
  const acls = authorizer ? new KnownAcls(authorizer, memory.acls, objects, now, changes) : null;
  return {
    principal: client.principal,
    expiresAt: client.expiresAt ?? Number.POSITIVE_INFINITY,
    authorizer: authorizerFor(acls, client.principal, client.clientHost),
    acls,
    credentials: new Credentials(memory.credentials, objects, now),
    quotas: new Quotas(memory.quotas, objects, now),
    clientHost: client.clientHost,
    advertised: client.advertise ?? advertisedTo(config, client.dialled),
    objects,
    metadata: metadataCache(memory, objects, now, changes),
    producerIds,
    answers,
    config,
    watches,
    groupConfigs: new GroupConfigs(gateway.groupConfigs, objects, now),
    // Who comes with one request does not come again.
    fetchSessions: new FetchSessions(client.place && gateway.fetchSessions),
    shareSessions: new ShareSessions(objects),
    signal: client.signal,
    place: client.place,
    now,
  };
}

/** The same client, with all that it holds, now that it has proven to be somebody else. */
export function withPrincipal(client: ClientContext, principal: Principal): ClientContext {
  const authorizer = authorizerFor(client.acls, principal, client.clientHost);
  return { ...client, principal, authorizer };
}
