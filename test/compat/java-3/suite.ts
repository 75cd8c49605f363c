/** The last Java client of Kafka 3, whose transactions are those before KIP-890. */
import { exactlyOnce } from '../exactly-once.ts';
import { javaClient } from '../java.ts';

const shared = ['Harness', 'Clients', 'Pipeline', 'TransactionAdminCases', 'TransactionCases'];

const trouble = { workers: 2, kills: 2, restarts: 1, stranger: false };

export const suite = javaClient({
  name: 'java-3',
  sources: [...shared.map((name) => `java/cases/${name}.java`), 'java-3/cases/Main.java'],
  more: (workerOf) => [exactlyOnce(workerOf('Pipeline'), trouble)],
});
