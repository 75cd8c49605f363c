/**
 * What must come of a group that nobody disturbs any more: within a bound every partition has one
 * owner, within another everything is read and committed, and in between nothing moves. The
 * surprise: it is the members who are asked, each for what it believes; what the group says of
 * itself is only compared.
 */
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { describeShareGroupOffsets } from '../../../src/protocol/apis/describe-share-group-offsets.ts';
import { listGroups } from '../../../src/protocol/apis/list-groups.ts';
import { offsetFetch } from '../../../src/protocol/apis/offset-fetch.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { SharedRules } from '../checker/history.ts';
import { type Client, partitionName, type SimulatedTopic } from '../clients/client.ts';
import { placeOfLog } from '../clients/fetching.ts';
import { topicIds } from '../clients/topics.ts';

/** What is asked of a member in the end. */
export interface Witness {
  readonly process: string;
  readonly isIn: boolean;
  readonly has: readonly string[];
}

/**
 * The longest of what may still be under way: a session, a rebalance, and a minute until everybody
 * has heard of a topic.
 */
const convergesWithinMs = 150_000;
/** A minute passes until a gateway puts a partition that has fallen silent to the proof. */
const readsWithinMs = 150_000;

/** Longer than the session of a member that died and is not missed yet. */
const restsForMs = 25_000;

interface Place {
  readonly topic: SimulatedTopic;
  readonly index: number;
  /** As in the history. */
  readonly name: string;
}

export async function settle(
  admin: Client,
  { group, shared }: { group: string; shared: SharedRules | undefined },
  /** Undefined: one that is on its way. */
  witnesses: () => readonly (Witness | undefined)[],
): Promise<void> {
  const places = await placesThere(admin);
  const names = places.map(({ name }) => name);
  const owners = () => ownersOf(names, witnesses());
  const isEnough = ({ length }: readonly string[]) => (shared ? length > 0 : length === 1);
  const { time } = admin.world;
  let [stood, since] = ['', time.now];
  const isAtRest = async () => {
    const now = JSON.stringify(owners());
    const isWhole =
      Object.values(owners()).every(isEnough) && witnesses().every((one) => one?.isIn);
    if (!isWhole || now !== stood) [stood, since] = [now, time.now];
    return time.now - since > restsForMs && (await stateOf(admin, group)) === 'Stable';
  };
  const unrest: string[] = [];
  if (!(await within(admin, convergesWithinMs, isAtRest))) {
    unrest.push(`no rest, but ${await stateOf(admin, group)}`);
  }
  const before = JSON.stringify(owners());
  let ends: Record<string, number> = {};
  let committed: Record<string, number> = {};
  const isRead = async () => {
    ends = await endsOf(admin, places);
    committed = await (shared ? startsOf : committedOf)(admin, group, places);
    return names.every((name) => (committed[name] ?? 0) === ends[name]);
  };
  await within(admin, readsWithinMs, isRead);
  await admin.sleep(10_000);
  const after = JSON.stringify(owners());
  if (unrest.length === 0 && after !== before) unrest.push(`it went from ${before} to ${after}`);
  admin.around.recorder.begin({ process: admin.process })('ok', [
    {
      ...{ kind: 'settled', group, owners: owners(), committed, ends },
      unrest: unrest.join('; '),
      ...(shared && { shared }),
    },
  ]);
}

/** Whether it comes true in time. */
async function within(
  client: Client,
  ms: number,
  isTrue: () => Promise<boolean>,
): Promise<boolean> {
  const { time } = client.world;
  for (const until = time.now + ms; time.now < until; ) {
    if (await isTrue()) return true;
    await client.sleep(2_000);
  }
  return false;
}

async function placesThere(admin: Client): Promise<Place[]> {
  const { topics } = admin.around;
  for (;;) {
    const ids = await topicIds(admin, topics);
    if (ids?.size === topics.length) {
      return topics.flatMap((topic) =>
        Array.from({ length: topic.partitions }, (_, index) => {
          const topicId = topic.fleeting ? ids.get(topic.name) : undefined;
          return { topic, index, name: partitionName(topic.name, index, topicId) };
        }),
      );
    }
    await admin.sleep(500);
  }
}

function ownersOf(names: readonly string[], witnesses: readonly (Witness | undefined)[]) {
  const owners = Object.fromEntries(names.map((name): [string, string[]] => [name, []]));
  for (const one of witnesses) for (const name of one?.has ?? []) owners[name]?.push(one!.process);
  return owners;
}

async function stateOf(admin: Client, group: string): Promise<string> {
  const answer = await admin.ask(listGroups, 4, {});
  const found = answer?.groups.find(({ groupId }) => groupId === group);
  return found?.groupState ?? 'gone';
}

async function endsOf(admin: Client, places: readonly Place[]): Promise<Record<string, number>> {
  const ends: Record<string, number> = {};
  for (const { topic, index, name } of places) {
    const end = await placeOfLog(admin, topic, index, -1);
    if (end !== undefined) ends[name] = end;
  }
  return ends;
}

/** Of a share group: below these nothing is left to do. */
async function startsOf(
  admin: Client,
  groupId: string,
  places: readonly Place[],
): Promise<Record<string, number>> {
  const answer = await admin.ask(describeShareGroupOffsets, 1, {
    groups: [{ groupId, topics: null }],
  });
  const found = answer?.groups[0]?.topics.flatMap(({ topicName, partitions }) =>
    partitions.map((one) => ({ ...one, topicName })),
  );
  return Object.fromEntries(
    places.flatMap(({ topic, index, name }): [string, number][] => {
      const one = found?.find((each) => {
        return each.topicName === topic.name && each.partitionIndex === index;
      });
      return one?.errorCode === ErrorCode.NONE ? [[name, one.startOffset]] : [];
    }),
  );
}

async function committedOf(
  admin: Client,
  groupId: string,
  places: readonly Place[],
): Promise<Record<string, number>> {
  const topics = [...Map.groupBy(places, ({ topic }) => topic.name)].map(([name, all]) => {
    return { name, topicId: ZERO_UUID, partitionIndexes: all.map(({ index }) => index) };
  });
  const answer = await admin.ask(offsetFetch, 8, {
    groups: [{ groupId, memberId: null, memberEpoch: -1, topics }],
  });
  const found = answer?.groups[0]?.topics.flatMap(({ name, partitions }) =>
    partitions.map((one) => ({ ...one, name })),
  );
  return Object.fromEntries(
    places.flatMap(({ topic, index, name }): [string, number][] => {
      const one = found?.find((each) => each.name === topic.name && each.partitionIndex === index);
      if (one?.errorCode !== ErrorCode.NONE || one.committedOffset < 0) return [];
      return [[name, one.committedOffset]];
    }),
  );
}
