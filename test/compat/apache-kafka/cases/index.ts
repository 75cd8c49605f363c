/** All scripts, each under one name. */
import type { Script } from '../player.ts';
import { clusterScripts } from './cluster.ts';
import { configScripts } from './configs.ts';
import { deleteRecordsScripts } from './delete-records.ts';
import { fetchScripts } from './fetch.ts';
import { groupScripts } from './groups.ts';
import { idempotenceScripts } from './idempotence.ts';
import { interferenceScripts } from './interference.ts';
import { isolationScripts } from './isolation.ts';
import { listOffsetsScripts } from './list-offsets.ts';
import { offsetScripts } from './offsets.ts';
import { produceScripts } from './produce.ts';
import { producerIdScripts } from './producer-ids.ts';
import { topicScripts } from './topics.ts';
import { transactionScripts } from './transactions.ts';
import { walkNamed, walkScripts } from './walks.ts';

const all: readonly Script[] = [
  ...produceScripts,
  ...idempotenceScripts,
  ...fetchScripts,
  ...listOffsetsScripts,
  ...deleteRecordsScripts,
  ...topicScripts,
  ...configScripts,
  ...producerIdScripts,
  ...transactionScripts,
  ...isolationScripts,
  ...interferenceScripts,
  ...offsetScripts,
  ...clusterScripts,
  ...groupScripts,
  ...walkScripts,
];

/** All scripts, or the one of this name. */
export function scriptsNamed(only: string | null): readonly Script[] {
  if (only === null) return all;
  return [all.find(({ name }) => name === only) ?? walkNamed(only) ?? []].flat();
}
