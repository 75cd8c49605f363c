import { expect, test } from 'vitest';
import { anonymous } from '../../../src/broker/authorizer.ts';
import { fetchRecords } from '../../../src/fronts/http/consume.ts';
import { Kafka } from '../../../src/fronts/http/kafka.ts';
import { MemoryDoor, v2Json } from './memory-door.ts';

test('gives each partition its own records, also where one before it does not exist', async () => {
  await using kedge = new MemoryDoor();
  const body = { records: [{ value: 1, partition: 0 }] };
  await kedge.ask('POST', '/rest/topics/there', { body, type: v2Json });
  const kafka = new Kafka(kedge.door.gateway, new Request('http://kedge.test'), {
    principal: anonymous,
  });
  const wanted = ['gone', 'there'].map((topic) => ({ topic, partition: 0, offset: 0 }));
  const { records, positions, errors } = await fetchRecords(kafka, wanted, {
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1_000,
    isolationLevel: 0,
    form: (topic, partition, { offset }) => ({ topic, partition, offset }),
  });
  expect(records).toEqual([{ topic: 'there', partition: 0, offset: 0 }]);
  expect(positions).toEqual([{ topic: 'there', partition: 0, offset: 1 }]);
  expect(errors).toEqual([{ topic: 'gone', partition: 0, offset: 0, errorCode: 3 }]);
  kafka.close();
});
