import { describe, expect, it } from 'vitest';
import { unknownSettings } from '../../src/cli/unknown-settings.ts';
import { brokerVariables } from '../../src/runtime/config.ts';

const said = (...names: string[]) =>
  unknownSettings(Object.fromEntries(names.map((name) => [name, 'x'])));

describe('unknownSettings', () => {
  it.each([
    ['KAFKA_NUM_PARTITONS', 'KAFKA_NUM_PARTITIONS'],
    ['KAFKA_ADVERTISED_LISTENER', 'KAFKA_ADVERTISED_LISTENERS'],
    ['KAFKA_AUTOCREATE_TOPIC_ENABLE', 'KAFKA_AUTO_CREATE_TOPICS_ENABLE'],
    ['KEDGE_TOKN', 'KEDGE_TOKEN'],
    ['KEDGE_CORS_ORIGIN', 'KEDGE_CORS_ORIGINS'],
    ['KAFKA_CFG_AUTO_CREATE_TOPIC_ENABLE', 'KAFKA_AUTO_CREATE_TOPICS_ENABLE'],
    ['KAFKA_LOG_RETENTION_HOUR', 'KAFKA_LOG_RETENTION_HOURS'],
    ['KAFKA_LISTENER', 'KAFKA_LISTENERS'],
    ['KAFKA_SUPER_USER', 'KAFKA_SUPER_USERS'],
    ['KAFKA_CREATE_TOPIC', 'KAFKA_CREATE_TOPICS'],
  ])('asks whether %s was meant to be %s', (name, meant) => {
    expect(said(name)).toEqual([`${name} is no setting Kedge knows; did you mean ${meant}?`]);
  });

  it('does not guess when nothing is near', () => {
    expect(said('KAFKA_PIGEONS', 'KAFKA_X')).toEqual([
      'KAFKA_PIGEONS is no setting Kedge knows.',
      'KAFKA_X is no setting Kedge knows.',
    ]);
  });

  it('says nothing of settings, of other programs, and of what is empty', () => {
    const others = ['KEDGE_TOKEN', 'KEDGE_URL', 'KEDGE_PUSH_PRIVATE_HOSTS', 'PATH', 'MY_KAFKA_X'];
    expect(said(...brokerVariables, ...others)).toEqual([]);
    expect(unknownSettings({ KAFKA_X: '', KAFKA_Y: undefined })).toEqual([]);
  });

  it('says nothing of what people bring along from another Kafka', () => {
    const names = `PROCESS_ROLES NODE_ID BROKER_ID LISTENERS LISTENER_SECURITY_PROTOCOL_MAP
      INTER_BROKER_LISTENER_NAME SECURITY_INTER_BROKER_PROTOCOL CONTROLLER_LISTENER_NAMES
      CONTROLLER_QUORUM_VOTERS CONTROLLER_QUORUM_BOOTSTRAP_SERVERS ZOOKEEPER_CONNECT
      OFFSETS_TOPIC_REPLICATION_FACTOR TRANSACTION_STATE_LOG_MIN_ISR LOG_DIRS LOG_DIR
      SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR HEAP_OPTS OPTS HOME VERSION DEBUG
      JVM_PERFORMANCE_OPTS GC_LOG_OPTS JMX_PORT JMX_OPTS LOG4J_OPTS LOG4J_ROOT_LOGLEVEL
      TOOLS_LOG4J_LOGLEVEL CLUSTER_ID KRAFT_CLUSTER_ID SERVICE_HOST PORT PORT_9092_TCP_ADDR
      BOOTSTRAP_SERVERS BROKERS URL TOPIC GROUP_ID CLIENT_ID`;
    expect(said(...names.split(/\s+/).map((name) => `KAFKA_${name}`))).toEqual([]);
  });
});
