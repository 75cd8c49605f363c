/** All scripts, each under one name. */
import type { Script } from '../player.ts';
import { administrationScripts } from './administration.ts';
import { brokerConfigScripts } from './broker-configs.ts';
import { clusterScripts } from './cluster.ts';
import { configValueScripts } from './config-values.ts';
import { configScripts } from './configs.ts';
import { consumerGroupScripts } from './consumer-groups.ts';
import { deleteRecordsScripts } from './delete-records.ts';
import { fetchScripts } from './fetch.ts';
import { fetchSessionScripts } from './fetch-sessions.ts';
import { groupScripts } from './groups.ts';
import { idempotenceScripts } from './idempotence.ts';
import { interferenceScripts } from './interference.ts';
import { isolationScripts } from './isolation.ts';
import { listOffsetsScripts } from './list-offsets.ts';
import { logWalkOf } from './log-walks.ts';
import { migrationScripts } from './migration.ts';
import { offsetScripts } from './offsets.ts';
import { produceScripts } from './produce.ts';
import { producerIdScripts } from './producer-ids.ts';
import { settingsScripts } from './settings.ts';
import { shareFetchScripts } from './share-fetch.ts';
import { shareGroupScripts } from './share-groups.ts';
import { shareMemberScripts } from './share-members.ts';
import { topicScripts } from './topics.ts';
import { transactionScripts } from './transactions.ts';
import { walkOf } from './walks.ts';

const walks = [walkOf, logWalkOf];
const numbered = Array.from({ length: 12 }, (_, index) => index + 1);

const all: readonly Script[] = [
  ...produceScripts,
  ...idempotenceScripts,
  ...fetchScripts,
  ...fetchSessionScripts,
  ...listOffsetsScripts,
  ...deleteRecordsScripts,
  ...topicScripts,
  ...configScripts,
  ...configValueScripts,
  ...brokerConfigScripts,
  ...producerIdScripts,
  ...transactionScripts,
  ...isolationScripts,
  ...interferenceScripts,
  ...offsetScripts,
  ...clusterScripts,
  ...groupScripts,
  ...walks.flatMap((walk) => numbered.map(walk)),
  ...administrationScripts,
  ...settingsScripts,
  ...consumerGroupScripts,
  ...shareGroupScripts,
  ...shareMemberScripts,
  ...migrationScripts,
  ...shareFetchScripts,
];

/** All scripts, or the one of this name, which may be a walk of any number. */
export function scriptsNamed(only: string | null): readonly Script[] {
  if (only === null) return all;
  const seed = Number(/\d+$/.exec(only)?.[0]);
  return [...all, ...walks.map((walk) => walk(seed))]
    .filter(({ name }) => name === only)
    .slice(0, 1);
}
