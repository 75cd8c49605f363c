import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalKedge, startLocalKedge } from '../../src/local/local-kedge.ts';
import { metadata } from '../../src/protocol/apis/metadata.ts';
import { createTopic, produceTo, readFrom, Wire } from '../kafka/wire.ts';

let kedge: LocalKedge;
beforeAll(async () => {
  const quiet = { onLine() {}, onRestart() {}, onFailure() {} };
  kedge = await startLocalKedge(
    {
      host: '127.0.0.1',
      kafkaPort: 0,
      httpPort: 0,
      dataDir: null,
      variables: { KEDGE_OPEN: 'true', KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://kafka:29092' },
      listeners: [
        { host: '127.0.0.1', port: 0, advertise: { host: 'localhost', port: 9092 } },
        { host: 'localhost', port: 0 },
      ],
    },
    quiet,
  );
});
afterAll(() => kedge.stop());

const told = async (kafkaPort: number) => {
  const wire = await Wire.open({ host: '127.0.0.1', kafkaPort });
  const { brokers } = await wire.ask(metadata, 12, {
    topics: [],
    allowAutoTopicCreation: false,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  });
  wire.close();
  return brokers.map(({ host, port }) => `${host}:${port}`);
};

describe('further listeners', () => {
  it('tell their clients each an address of its own', async () => {
    const [second, third] = kedge.listeners.map(({ port }) => port);
    expect(await told(kedge.kafkaPort)).toEqual(['kafka:29092']);
    expect(await told(second)).toEqual(['localhost:9092']);
    expect(await told(third)).toEqual([`localhost:${third}`]);
  });

  it('lead to the same cluster', async () => {
    const one = await Wire.open({ host: '127.0.0.1', kafkaPort: kedge.kafkaPort });
    const other = await Wire.open({ host: '127.0.0.1', kafkaPort: kedge.listeners[0].port });
    await createTopic(one, 'shared');
    await produceTo(one, 'shared', 'a');
    expect(await readFrom(other, 'shared', 0)).toEqual(['a']);
    one.close();
    other.close();
  });
});
