/** All scripts. */
import type { Script } from '../player.ts';
import { configScripts } from './configs.ts';
import { deleteRecordsScripts } from './delete-records.ts';
import { fetchScripts } from './fetch.ts';
import { idempotenceScripts } from './idempotence.ts';
import { listOffsetsScripts } from './list-offsets.ts';
import { produceScripts } from './produce.ts';
import { topicScripts } from './topics.ts';

export const allScripts: readonly Script[] = [
  ...produceScripts,
  ...idempotenceScripts,
  ...fetchScripts,
  ...listOffsetsScripts,
  ...deleteRecordsScripts,
  ...topicScripts,
  ...configScripts,
];
