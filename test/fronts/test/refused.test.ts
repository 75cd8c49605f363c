/** Whatever API a fault strikes: its answer can be sent in every version, and says so. */
import { afterAll, expect, it } from 'vitest';
import { Unanswerable } from '../../../src/broker/broker.ts';
import { servedBy } from '../../../src/broker/handlers/index.ts';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { concat } from '../../../src/bytes/writer.ts';
import { Faults } from '../../../src/fronts/test/faults.ts';
import { apis } from '../../../src/protocol/apis/index.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { Api, Fields } from '../../../src/protocol/schema.ts';
import { decodeResponse, defaultsOf, encodeResponse } from '../../../src/protocol/schema.ts';
import { MemoryCluster } from '../../broker/memory-cluster.ts';

const cluster = new MemoryCluster();
afterAll(() => cluster.memory.close());
const connect = cluster.connect();
const never = new Promise<void>(() => {});
const errorCode = ErrorCode.KAFKA_STORAGE_ERROR;

/** One item wherever there may be several, so that each place for an error is filled. */
function filled(fields: Fields, version: number): Record<string, unknown> {
  const isThere = ([, { spec }]: [string, Fields[string]]): boolean =>
    spec.since <= version && version <= spec.until;
  const there = Object.entries(fields).filter(isThere);
  const own = there.map(([name, field]) => [name, exampleOf(field, version)]);
  return { ...defaultsOf(fields), ...Object.fromEntries(own) };
}

function exampleOf({ spec }: Fields[string], version: number): unknown {
  if (spec.kind === 'string') return 'x';
  if (spec.kind === 'array') return [exampleOf(spec.element!, version)];
  if (spec.kind === 'struct') return filled(spec.fields!, version);
  if (spec.kind === 'records' || spec.kind === 'bytes') return new Uint8Array(0);
  if (spec.kind === 'boolean') return false;
  return spec.kind === 'uuid' ? ZERO_UUID : 0;
}

const struck = apis.filter((api) => servedBy(api) && !/^Sasl/.test(api.name));

it.each(struck.map((api) => [api.name, api] as const))('%s', async (_name, api) => {
  const [min, max] = api.versions;
  for (let version = min; version <= max; version++) {
    const faults = new Faults();
    faults.add({ api: api.name, errorCode, disconnect: false, after: false, times: 1 });
    const answering = faults.answer(
      api,
      filled(api.request.fields, version),
      connect(version),
      never,
      () => {
        if (/^(Metadata|DescribeTopicPartitions)$/.test(api.name)) return described(api);
        return Promise.reject(new Error('it was done'));
      },
    );
    const response = await answering.catch((error) => {
      if (error instanceof Unanswerable) return undefined;
      throw error;
    });
    if (response === undefined) continue;
    const bytes = concat(encodeResponse(api, version, response));
    const sent = JSON.stringify(decodeResponse(api, version, bytes));
    expect(sent, `version ${version}`).toMatch(saysSo);
  }
});

const saysSo = new RegExp(`[eE]rrorCode":${errorCode}\\b`);

async function described(api: Api): Promise<never> {
  const topic = defaultsOf(api.response.fields.topics.spec.element!.spec.fields!);
  return { ...defaultsOf(api.response.fields), topics: [{ ...topic, name: 't' }] } as never;
}
