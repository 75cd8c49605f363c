/** Share groups (KIP-932) by Kafka's own client, in its newest release. */
import { readdirSync } from 'node:fs';
import { pathOf } from '../install.ts';
import { javaClient } from '../java.ts';
import { queueUnderTrouble } from './trouble.ts';

const own = readdirSync(pathOf('java-share/cases')).filter((file) => file.endsWith('.java'));
const shared = ['Harness', 'Clients'].map((name) => `java/cases/${name}.java`);

export const suite = javaClient({
  name: 'java-share',
  sources: [...shared, ...own.map((file) => `java-share/cases/${file}`)],
  more: (workerOf) => [queueUnderTrouble(workerOf('Worker'))],
});
