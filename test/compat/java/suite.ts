/** The Java client, Kafka's own, in its newest release. */
import { readdirSync } from 'node:fs';
import { exactlyOnce } from '../exactly-once.ts';
import { pathOf } from '../install.ts';
import { javaClient } from '../java.ts';

const files = readdirSync(pathOf('java/cases')).filter((file) => file.endsWith('.java'));

const trouble = { workers: 2, kills: 3, restarts: 2, stranger: true };

export const suite = javaClient({
  name: 'java',
  long: true,
  sources: files.map((file) => `java/cases/${file}`).sort(),
  more: (workerOf) => [exactlyOnce(workerOf('Pipeline'), trouble)],
});
