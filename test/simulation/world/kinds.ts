/**
 * Kedge's objects as programs of the simulated platform: the same hosts, machines and logs as in
 * the Durable Objects, over storage in memory. The surprise: only the shells are other ones; what a
 * planted bug breaks, it breaks here, around the code and never in it.
 */

import { createGateway } from '../../../src/broker/gateway.ts';
import type { ClusterCalls } from '../../../src/core/cluster/commands.ts';
import type { GroupCalls, VouchedMember } from '../../../src/core/group/commands.ts';
import type { PartitionCalls } from '../../../src/core/log/calls.ts';
import type { LogStore } from '../../../src/core/log/store.ts';
import type { TransactionCalls } from '../../../src/core/transaction/calls.ts';
import { KafkaPushClient } from '../../../src/fronts/push/kafka-client.ts';
import { clusterHost, runErrands } from '../../../src/runtime/cluster-host.ts';
import type { BrokerConfig } from '../../../src/runtime/config.ts';
import { deleteTopic } from '../../../src/runtime/delete-topic.ts';
import { GroupHost } from '../../../src/runtime/group-host.ts';
import type { GroupLine, Vouching } from '../../../src/runtime/group-lines.ts';
import { MemoryStore } from '../../../src/runtime/memory-store.ts';
import { PartitionHost } from '../../../src/runtime/partition-host.ts';
import { announcementOf, Enclosures, withRecords } from '../../../src/runtime/partition-watch.ts';
import type { PushOutside } from '../../../src/runtime/push/outside.ts';
import { SubscriptionHost } from '../../../src/runtime/push/subscription-host.ts';
import { memoryRows, type Rows } from '../../../src/runtime/rows.ts';
import type { Objects, Stub } from '../../../src/runtime/stubs.ts';
import { TransactionHost } from '../../../src/runtime/transaction-host.ts';
import type { Instance, Kind, Program, Watcher } from './durable-object.ts';

/** Ways to break an object from outside: each wraps what it is given. */
export interface Sabotage {
  readonly store?: (store: LogStore, instance: Instance<MemoryStore>) => LogStore;
  readonly partition?: (stub: Stub<PartitionCalls>, name: string) => Stub<PartitionCalls>;
  readonly group?: (stub: Stub<GroupCalls>, name: string) => Stub<GroupCalls>;
  readonly controller?: (stub: Stub<ClusterCalls>) => Stub<ClusterCalls>;
  readonly transaction?: (stub: Stub<TransactionCalls>) => Stub<TransactionCalls>;
  readonly transactionRows?: (rows: Rows, instance: Instance<Rows>) => Rows;
  /** Leads to another object than the one that is asked for. */
  readonly objectName?: (name: string) => string;
  /** Answers do not wait for their writes. */
  readonly openGate?: boolean;
  /** Objects of this kind lose writes that were durable. */
  readonly forgets?: 'partition' | 'group';
  /** Calls overtake each other on their way to partitions. */
  readonly overtaking?: boolean;
}

export interface ProgramContext {
  /** Where subscriptions deliver to. */
  readonly deliver: PushOutside['deliver'];
  readonly config: BrokerConfig;
  readonly sabotage: Sabotage;
  /** The other objects, as this instance reaches them. */
  objectsOf(instance: Instance<unknown>): Objects;
}

type AnyStub = { call(kind: string, command: unknown): Promise<unknown> };

export function partitionKind({ config, sabotage, objectsOf }: ProgramContext): Kind<MemoryStore> {
  return {
    newStorage: () => new MemoryStore(),
    start(instance, name): Program {
      const store = durableStore(instance);
      const enclosures = new Enclosures(() => instance.object.now());
      const host = new PartitionHost({
        store: () => sabotage.store?.(store, instance) ?? store,
        settings: config,
        now: () => instance.object.now(),
        durable: () => instance.gate(),
        announce: (ends, records) =>
          instance.announce(announcementOf(ends), enclosures.of(records)),
        enlist: (transactionalId, question) =>
          objectsOf(instance as Instance<unknown>)
            .transaction(transactionalId)
            .call('enlist', question),
        deleteTopic: (topicId) => deleteTopic(objectsOf(instance as Instance<unknown>), topicId),
        wake: (reader, place, lastStableOffset) =>
          objectsOf(instance as Instance<unknown>)
            .subscription(reader)
            .call('wake', { place, lastStableOffset }),
        dropped: () => {
          for (const watcher of instance.object.watchers) watcher.close();
          instance.object.watchers.clear();
        },
        alarm: async () => instance.alarmAt,
        setAlarm: (at) => instance.setAlarm(at),
        pause: () => new Promise((resolve) => setTimeout(resolve, 0)),
      });
      const stub = (sabotage.partition?.(host, name) ?? host) as AnyStub;
      return {
        call: (kind, command) => stub.call(kind, command),
        alarm: () => host.ring(),
        watchFrom: (question) =>
          instance.storage.dropped
            ? undefined
            : { said: announcementOf(host.ends), attachment: question === withRecords },
      };
    },
  };
}

/** All goes through the instance, so that what is written becomes durable or is lost with it. */
function durableStore(instance: Instance<MemoryStore>): LogStore {
  const { storage } = instance;
  return {
    get dropped() {
      return storage.dropped;
    },
    floor: (offset) => instance.look().floor(offset),
    from: (offset, limit) => instance.look().from(offset, limit),
    data: (first, last) => instance.look().data(first, last),
    count: (offset) => instance.look().count(offset),
    totals: (offset) => instance.look().totals(offset),
    state: () => instance.look().state(),
    snapshot: () => instance.look().snapshot(),
    producerRows: (offset) => instance.look().producerRows(offset),
    abortedFrom: (offset) => instance.look().abortedFrom(offset),
    shareState: (groupId) => instance.look().shareState(groupId),
    keepShareState: (groupId, state) =>
      instance.write((to) => to.keepShareState(groupId, state?.slice())),
    streamRow: (key) => instance.look().streamRow(key),
    keepStreamRows: (rows) => instance.write((to) => to.keepStreamRows(rows)),
    append: (...all) => instance.write((to) => to.append(...all)),
    waiting: () => instance.look().waiting(),
    keepWaiting: (reader) => instance.write((to) => to.keepWaiting(reader)),
    forgetWaiting: (reader) => instance.write((to) => to.forgetWaiting(reader)),
    rewrite: (change) => instance.write((to) => to.rewrite(change)),
    drop: () => instance.write((to) => to.drop()),
  };
}

function durableRows(instance: Instance<Rows>): Rows {
  return {
    load: () => instance.storage.load(),
    put: (rows) => {
      if (rows.length > 0) instance.write((to) => to.put(rows));
    },
  };
}

export function groupKind({ config, sabotage, objectsOf }: ProgramContext): Kind<Rows> {
  return {
    newStorage: memoryRows,
    start(instance, name): Program {
      const host = new GroupHost({
        config,
        rows: durableRows(instance),
        objects: objectsOf(instance as Instance<unknown>),
        now: () => instance.object.now(),
        setAlarm: (at) => instance.setAlarm(at),
        lines: () => [...instance.object.watchers].map((watcher) => lineOver(watcher, instance)),
      });
      const stub = (sabotage.group?.(host, name) ?? host) as AnyStub;
      return {
        call: (kind, command) => stub.call(kind, command),
        alarm: () => host.expire(),
        watchFrom: (question) => {
          const member = JSON.parse(question) as VouchedMember;
          const sessionTimeoutMs = host.vouch(member);
          if (sessionTimeoutMs === undefined) return undefined;
          return { said: `${sessionTimeoutMs}`, attachment: { member, sessionTimeoutMs } };
        },
        watcherGone: ({ attachment }, why) => host.lineClosed(attachment as Vouching, why),
      };
    },
  };
}

function lineOver(watcher: Watcher, instance: Instance<Rows>): GroupLine {
  return {
    ...(watcher.attachment as Vouching),
    provenAt: watcher.provenAt,
    tell: (partitions) => watcher.send(JSON.stringify(partitions), instance.gate()),
    close: () => {
      instance.object.watchers.delete(watcher);
      watcher.close(instance.gate());
    },
  };
}

export function transactionKind({ config, sabotage, objectsOf }: ProgramContext): Kind<Rows> {
  return {
    newStorage: memoryRows,
    start(instance): Program {
      const rows = durableRows(instance);
      const host = new TransactionHost({
        config,
        rows: sabotage.transactionRows?.(rows, instance) ?? rows,
        objects: objectsOf(instance as Instance<unknown>),
        now: () => instance.object.now(),
        setAlarm: (at) => instance.setAlarm(at),
      });
      const stub = (sabotage.transaction?.(host) ?? host) as AnyStub;
      return {
        call: (kind, command) => stub.call(kind, command),
        alarm: () => host.expire(),
      };
    },
  };
}

export function controllerKind({ config, sabotage, objectsOf }: ProgramContext): Kind<Rows> {
  return {
    newStorage: memoryRows,
    start(instance): Program {
      const host = clusterHost({
        config,
        rows: durableRows(instance),
        now: () => instance.object.now(),
        setAlarm: (at) => instance.setAlarm(at),
        announce: () => instance.announce('changed'),
      });
      const stub = (sabotage.controller?.(host) ?? host) as AnyStub;
      return {
        call: (kind, command) => stub.call(kind, command),
        alarm: () =>
          runErrands(host, objectsOf(instance as Instance<unknown>), instance.object.now()),
        watchFrom: () => ({ said: 'watching' }),
      };
    },
  };
}

export function subscriptionKind({ config, objectsOf, deliver }: ProgramContext): Kind<Rows> {
  return {
    newStorage: memoryRows,
    start(instance): Program {
      const objects = objectsOf(instance as Instance<unknown>);
      const gateway = createGateway(objects, config, { open: true });
      const now = () => instance.object.now();
      const host = new SubscriptionHost({
        rows: durableRows(instance),
        objects,
        now,
        setAlarm: (at) => instance.setAlarm(at),
        outside: {
          client: ({ principal }) => new KafkaPushClient(gateway, principal),
          problemOf: () => undefined,
          deliver,
          until: (at) => new Promise((resolve) => setTimeout(resolve, at - now())),
        },
      });
      return {
        call: (kind, command) => (host as AnyStub).call(kind, command),
        alarm: () => host.expire(),
      };
    },
  };
}
