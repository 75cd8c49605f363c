/** `kedge dev`: Kedge on this machine. */
import { command as action } from '../command.ts';
import { devOptions, startOptionsOf } from './options.ts';

export const command = action({
  name: 'dev',
  summary: 'start Kedge on this machine',
  description: `Kafka at 127.0.0.1:9092, HTTP at http://127.0.0.1:8787, until Ctrl-C. What was acknowledged is
on disk and is there at the next start.

The environment says the rest. KAFKA_<SETTING> is a broker setting, named as in Kafka's
container images, for example KAFKA_NUM_PARTITIONS=3 or KAFKA_AUTO_CREATE_TOPICS_ENABLE=false.
KAFKA_LISTENERS, KAFKA_ADVERTISED_LISTENERS and KAFKA_LOG_DIRS say where clients connect, what
they are told and where data is kept, as in Kafka; an option counts before them.
KAFKA_CREATE_TOPICS names topics that are to be there: orders:3:1,bills:1:1:compact.

KEDGE_TOKEN is the password of the user admin, who may do everything: clients have to show who
they are then (SASL on Kafka's port, credentials over HTTP). KEDGE_OPEN=true lets everybody in,
which is the default on this machine alone where there is no KEDGE_TOKEN. KEDGE_CORS_ORIGINS
names the origins whose pages may ask over HTTP, such as https://example.com;
KEDGE_PUSH_PRIVATE_HOSTS, hosts that push subscriptions may send to though they are private.`,
  options: devOptions,
  noJson: true,
  examples: [
    { command: 'kedge dev' },
    {
      command: 'kedge dev --memory --kafka-port 0 --http-port 0',
      summary: 'empty, on free ports, gone at the end',
    },
    {
      command: 'kedge dev --registry-port 8081 --rest-port 8082',
      summary: 'where programs for a Schema Registry and a REST Proxy look for them',
    },
    { command: 'kedge dev --topics orders:3,bills --seed orders.jsonl' },
    { command: 'KEDGE_TOKEN=… kedge dev --host 0.0.0.0 --advertise kafka.example.com:9092' },
  ],
  async run({ options, environment, output }) {
    const start = startOptionsOf(options, environment);
    const { runDev } = await import('./run.ts');
    return runDev(start, environment, output);
  },
});
