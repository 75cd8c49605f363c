/**
 * The differential test of access control: Apache Kafka with its StandardAuthorizer and Kedge with
 * its own, asked every API with and without the rights for it, and managed by `kafka-acls`.
 */

import { installApacheKafka, startApacheKafka } from '../apache-kafka/kafka.ts';
import { type Address, Player } from '../apache-kafka/player.ts';
import { playBoth } from '../apache-kafka/suite.ts';
import { fetchJars, jdk } from '../maven.ts';
import type { Suite, SuiteContext } from '../suite.ts';
import { aclScripts, close } from './scripts.ts';
import { toldScripts } from './told.ts';
import { runTools } from './tools.ts';

const AT_ONCE = 8;
const authorizer = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer';

async function run(context: SuiteContext): Promise<void> {
  const kedge: Address = {
    host: '127.0.0.1',
    kafkaPort: Number(context.broker.bootstrap.split(':')[1]),
  };
  await using kafka = await startApacheKafka({
    'authorizer.class.name': authorizer,
    'allow.everyone.if.no.acl.found': 'true',
  });
  for (const address of [kafka, kedge]) {
    const root = new Player(address, 'root');
    await close(root);
    root.close();
  }
  const waiting = [...aclScripts(), ...toldScripts()].filter(
    ({ name }) => (context.onlyCase ?? name) === name,
  );
  const play = async () => {
    for (let script = waiting.shift(); script; script = waiting.shift()) {
      context.report(await playBoth(script, [kafka, kedge], new Set()));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, play));
  const servers = [kafka, kedge].map(({ host, kafkaPort }) => `${host}:${kafkaPort}`);
  await runTools(servers, context);
}

export const suite: Suite = {
  name: 'apache-kafka-acls',
  settings: {
    KAFKA_AUTHORIZER_CLASS_NAME: authorizer,
    KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND: 'true',
  },
  debianPackages: jdk,
  install: async () => {
    await installApacheKafka();
    await fetchJars('java-tools');
  },
  version: async () => 'Apache Kafka 4.4.0, the broker with its StandardAuthorizer',
  run,
};
