/** The last Java client of Kafka 3, whose transactions are those before KIP-890. */
import { javaClient } from '../java.ts';

const shared = ['Harness', 'Clients', 'Pipeline', 'TransactionAdminCases', 'TransactionCases'];

export const suite = javaClient({
  name: 'java-3',
  sources: [...shared.map((name) => `java/cases/${name}.java`), 'java-3/cases/Main.java'],
  trouble: { workers: 2, kills: 2, restarts: 1, stranger: false },
});
