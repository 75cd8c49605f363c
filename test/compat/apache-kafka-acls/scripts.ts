/**
 * The rows of the table of APIs as scripts for two brokers: each API is asked without rights, with
 * each right missing, and with exactly its rights. The surprise: nobody says who they are; who has
 * all rights asks from 127.0.0.1, and each script from an address of its own, which the access
 * control entries name.
 */
import {
  AclOperation,
  AclPattern,
  AclPermission,
  AclResourceType,
} from '../../../src/protocol/acl.ts';
import { consumerGroupHeartbeat } from '../../../src/protocol/apis/consumer-group-heartbeat.ts';
import { createAcls } from '../../../src/protocol/apis/create-acls.ts';
import { deleteAcls } from '../../../src/protocol/apis/delete-acls.ts';
import { describeAcls } from '../../../src/protocol/apis/describe-acls.ts';
import { apis } from '../../../src/protocol/apis/index.ts';
import { initProducerId } from '../../../src/protocol/apis/init-producer-id.ts';
import { offsetCommit } from '../../../src/protocol/apis/offset-commit.ts';
import { shareFetch } from '../../../src/protocol/apis/share-fetch.ts';
import { shareGroupHeartbeat } from '../../../src/protocol/apis/share-group-heartbeat.ts';
import { adminRows } from '../../broker/authorization/admin-rows.ts';
import { clientRows } from '../../broker/authorization/client-rows.ts';
import type { Right } from '../../broker/authorization/guarded-cluster.ts';
import type { Row } from '../../broker/authorization/row.ts';
import type { Player, Script } from '../apache-kafka/player.ts';

const rootHost = '127.0.0.1';
const everyone = 'User:ANONYMOUS';
const any = 1;
const authorizationErrors = new Set([29, 30, 31, 53]);

/** Gives all rights to who asks from 127.0.0.1, and by that none to anybody else. */
export async function close(on: Player): Promise<void> {
  const names = { TOPIC: '*', GROUP: '*', TRANSACTIONAL_ID: '*', CLUSTER: 'kafka-cluster' };
  const rights = Object.entries(names).map(([type, name]) => ['ALL', type, name] as Right);
  await grant(on, rights, rootHost);
}

/** More of an entry than a right says. */
export interface Entry {
  readonly right: Right;
  readonly isPrefixed?: boolean;
  readonly isDenied?: boolean;
}

/** These are the rights from this host, and the broker knows it. */
export function grant(on: Player, rights: readonly Right[], host: string): Promise<void> {
  return enter(
    on,
    rights.map((right) => ({ right })),
    host,
  );
}

export async function enter(on: Player, entries: readonly Entry[], host: string): Promise<void> {
  const filter = {
    resourceTypeFilter: any,
    resourceNameFilter: null,
    patternTypeFilter: any,
    principalFilter: everyone,
    hostFilter: host,
    operation: any,
    permissionType: any,
  };
  await on.quietly(deleteAcls, 3, { filters: [filter] });
  const creations = entries.map(({ right: [operation, type, resourceName], ...more }) => ({
    resourceType: AclResourceType[type],
    resourceName,
    resourcePatternType: more.isPrefixed ? AclPattern.PREFIXED : AclPattern.LITERAL,
    principal: everyone,
    host,
    operation: AclOperation[operation],
    permissionType: more.isDenied ? AclPermission.DENY : AclPermission.ALLOW,
  }));
  if (creations.length > 0) await on.quietly(createAcls, 3, { creations });
  const wanted = creations.map(({ resourcePatternType: patternType, ...entry }) =>
    textOf({ ...entry, patternType }),
  );
  // Apache Kafka may still tell of those that were before, which may be as many.
  await on.quietlyUntil(describeAcls, 3, filter, ({ resources }) => {
    const found = resources.flatMap(({ acls, ...of }) =>
      acls.map((acl) => textOf({ ...of, ...acl })),
    );
    return JSON.stringify(found.sort()) === JSON.stringify(wanted.sort());
  });
}

interface Told {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  readonly operation: number;
  readonly permissionType: number;
}

/** An entry in words, whoever tells of it. */
function textOf(told: Told): string {
  const { resourceType, resourceName, patternType, operation, permissionType } = told;
  return [resourceType, resourceName, patternType, operation, permissionType].join(' ');
}

/** The names that rows use: each question has its own. */
const ownNames = /^(orders|news|elsewhere|readers|moderns|sharers|former|fresh|payments)$/;

type Names = (label: string) => string;

function renamed<T>(value: T, names: Names): T {
  if (typeof value === 'string') return (ownNames.test(value) ? names(value) : value) as T;
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((one) => renamed(one, names)) as T;
  const entries = Object.entries(value).map(([key, one]) => [key, renamed(one, names)]);
  return Object.fromEntries(entries) as T;
}

/** What the rows ask for is there. */
async function furnish(on: Player, round: string): Promise<string> {
  const names = (label: string) => on.name(round + label);
  const { name, topicId } = await on.topic(`${round}orders`);
  await on.quietlyUntil(
    offsetCommit,
    9,
    {
      groupId: names('readers'),
      topics: [{ name, partitions: [{ partitionIndex: 0, committedOffset: 0 }] }],
    },
    ({ topics }) => topics[0].partitions[0].errorCode === 0,
  );
  const joining = { memberId: 'one', memberEpoch: 0, subscribedTopicNames: [name] };
  await on.quietlyUntil(
    consumerGroupHeartbeat,
    1,
    { groupId: names('moderns'), ...joining, rebalanceTimeoutMs: 60_000, topicPartitions: [] },
    ({ assignment }) => assignment !== null && assignment.topicPartitions.length > 0,
  );
  for (const label of ['sharers', 'former']) {
    const groupId = names(label);
    await on.quietlyUntil(
      shareGroupHeartbeat,
      1,
      { groupId, ...joining },
      ({ assignment }) => assignment !== null && assignment.topicPartitions.length > 0,
    );
  }
  const leaving = { memberId: 'one', memberEpoch: -1, subscribedTopicNames: null };
  await on.quietly(shareGroupHeartbeat, 1, { groupId: names('former'), ...leaving });
  const transactionalId = names('payments');
  const isReady = ({ errorCode }: { readonly errorCode: number }) => errorCode === 0;
  const init = { transactionalId, transactionTimeoutMs: 60_000 };
  await on.quietlyUntil(initProducerId, 4, init, isReady);
  return topicId;
}

/** Every error code in an answer, once. */
function codesIn(answer: unknown): Set<number> {
  const codes = new Set<number>();
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
    for (const [key, one] of Object.entries(value)) {
      if (/errorCode$/i.test(key)) codes.add(one as number);
      else look(one);
    }
  };
  look(answer);
  return codes;
}

function scriptOf(row: Row, version: number, host: string): Script {
  const api = apis.find(({ name }) => name === row.api)!;
  const label = [row.api, row.about, `v${version}`].filter((part) => part !== undefined).join(' ');
  const ways = row.rights ? [row.rights] : (row.orRights ?? []);
  const play = async (root: Player): Promise<void> => {
    let asked = 0;
    const ask = async (what: string, rights: readonly Right[], isAllowed: boolean) => {
      const round = `${++asked}-`;
      const names = (name: string) => root.name(round + name);
      const topicId = await furnish(root, round);
      const alice = root.another(host);
      if (row.api === 'ShareAcknowledge') await openSession(alice, names, topicId);
      await grant(root, renamed(rights, names), host);
      const request = renamed(row.request({ version, topicId }), names);
      const answer = await alice.quietly(api, version, request);
      const codes = [...codesIn(answer)];
      const denied = codes.filter((code) => authorizationErrors.has(code));
      const hidden = row.hides && JSON.stringify(answer).includes(names(row.hides));
      root.note(`${what} v${version}`, { denied: denied.sort(), ...(row.hides && { hidden }) });
      // What else comes of it with all rights is for other scripts to compare.
      if (!isAllowed && row.hides === undefined) root.note(`${what}, the answer`, { answer });
    };
    const openSession = async (alice: Player, names: Names, topicId: string) => {
      const own: Right[] = [
        ['READ', 'GROUP', names('sharers')],
        ['READ', 'TOPIC', names('orders')],
      ];
      await grant(root, own, host);
      const topics = [{ topicId, partitions: [{ partitionIndex: 0 }] }];
      const opening = { groupId: names('sharers'), memberId: 'two', topics };
      await alice.quietly(shareFetch, 1, opening);
    };
    await ask('without rights', [], false);
    for (const way of ways) {
      for (const missing of way.length > 1 ? way : []) {
        const others = way.filter((right) => right !== missing);
        await ask(`without ${missing.slice(0, 2).join(' ')}`, others, false);
      }
      await ask(`with ${way.map((right) => right.slice(0, 2).join(' ')).join(', ')}`, way, true);
    }
  };
  return { name: label.replaceAll(' ', '-').toLowerCase(), play };
}

/** Each row in its oldest version and in its newest. */
export function aclScripts(): Script[] {
  const closed = [...clientRows, ...adminRows].filter(({ open }) => open === undefined);
  // What lists all there is comes first, while that is little: each script makes more of it.
  const isList = ({ api }: Row) => /^List(Groups|Transactions)$/.test(api);
  const rows = [...closed.filter(isList), ...closed.filter((row) => !isList(row))];
  const asked = rows.flatMap((row) => {
    const versions = row.versions ?? apis.find(({ name }) => name === row.api)!.versions;
    return [...new Set(versions)].map((version) => ({ row, version }));
  });
  return asked.map(({ row, version }, i) =>
    scriptOf(row, version, `127.1.${i >> 8}.${(i & 0xff) + 1}`),
  );
}
