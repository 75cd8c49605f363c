/**
 * Apache Kafka, one node that is broker and controller: with the options of Java that its own start
 * script has, and its default settings; and again with a flush before every answer. The surprise:
 * by default it flushes nothing, for what is acknowledged lies on several brokers, of which here is
 * one.
 */
import { readdirSync } from 'node:fs';
import {
  installApacheKafka,
  kafkaJars,
  launchApacheKafka,
} from '../../../test/compat/apache-kafka/kafka.ts';
import { familyOf } from '../../processes.ts';
import { untilAnswered } from '../../start-brokers.ts';
import type { Running, System } from '../system.ts';

/** Those of bin/kafka-server-start.sh and bin/kafka-run-class.sh. */
const javaOptions = [
  ...['-Xmx1G', '-Xms1G', '-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20'],
  ...['-XX:InitiatingHeapOccupancyPercent=35', '-XX:+ExplicitGCInvokesConcurrent'],
  '-Djava.awt.headless=true',
];

/** Kafka's defaults, for what it is set to otherwise where it is compared with Kedge. */
const defaults = {
  'controller.quorum.append.linger.ms': '25',
  'transaction.state.log.num.partitions': '50',
  'share.coordinator.state.topic.num.partitions': '50',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '10000',
};

async function start(settings: Readonly<Record<string, string>>): Promise<Running> {
  await installApacheKafka();
  const all = { ...defaults, ...settings };
  const { broker, address, launchedAt, stop } = await launchApacheKafka(all, javaOptions);
  try {
    await untilAnswered(address.kafkaPort, () => broker.exitCode !== null);
    const startedAfterMs = performance.now() - launchedAt;
    await broker.until(({ stderr }) => stderr.includes('Kafka Server started'), 'being ready');
    return {
      dialect: 'kafka',
      host: address.host,
      port: address.kafkaPort,
      version: `Apache Kafka ${version()}`,
      startedAfterMs,
      pids: () => familyOf(broker.pid!),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function version(): string {
  const names = readdirSync(kafkaJars);
  return names.map((name) => /^kafka_[\d.]+-([\d.]+)\.jar$/.exec(name)?.[1]).find(Boolean) ?? '';
}

export const kafka: System = {
  name: 'kafka',
  title: 'Kafka',
  start: () => start({}),
};

export const kafkaFlush: System = {
  name: 'kafka-flush',
  title: 'Kafka, flushing',
  start: () => start({ 'log.flush.interval.messages': '1' }),
};
