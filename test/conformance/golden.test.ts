/**
 * Frames that real clients and a real Apache Kafka 4.4 exchanged, as they were on the wire: what is
 * read from them is written again, byte for byte. One client is known to write more than it should.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Reader } from '../../src/bytes/reader.ts';
import { concat } from '../../src/bytes/writer.ts';
import { apis } from '../../src/protocol/apis/index.ts';
import {
  decodeResponseHeader,
  encodeRequestFrame,
  encodeResponseFrame,
  openRequest,
} from '../../src/protocol/header.ts';
import { type Api, decodeRequest, decodeResponse } from '../../src/protocol/schema.ts';

interface Golden {
  /** Who spoke, or who was answered. */
  readonly client: string;
  readonly version: number;
  readonly direction: 'request' | 'response';
  /** Bytes that the client wrote beyond the end of the message. */
  readonly excess?: number;
  /** The frame without its length. */
  readonly hex: string;
}

const folder = join(dirname(fileURLToPath(import.meta.url)), 'golden');
const kebab = (name: string): string => name.replace(/\B[A-Z]/g, '-$&').toLowerCase();

function goldenOf(api: Api): Golden[] {
  return JSON.parse(readFileSync(join(folder, `${kebab(api.name)}.json`), 'utf8'));
}

/** What a frame says, and the same written by us, without the length. */
function readAndWrite(
  api: Api,
  golden: Golden,
): { value: unknown; left: number; again: Uint8Array } {
  const bytes = Uint8Array.from(Buffer.from(golden.hex, 'hex'));
  const { version } = golden;
  if (golden.direction === 'request') {
    const { header, body } = openRequest(bytes);
    expect(header).toMatchObject({ api, apiVersion: version, supported: true });
    const value = decodeRequest(api, version, body);
    const again = concat(encodeRequestFrame(api, version, header, value)).subarray(4);
    return { value, left: body.remaining, again };
  }
  const reader = new Reader(bytes);
  const correlationId = decodeResponseHeader(api, version, reader);
  const value = decodeResponse(api, version, reader);
  const again = concat(encodeResponseFrame(api, version, correlationId, value)).subarray(4);
  return { value, left: reader.remaining, again };
}

describe('frames of real clients and of Kafka', () => {
  for (const api of apis) {
    for (const golden of goldenOf(api)) {
      it(`${api.name} v${golden.version} ${golden.direction}, ${golden.client}`, () => {
        const { left, again } = readAndWrite(api, golden);
        const excess = golden.excess ?? 0;
        expect(left).toBe(excess);
        const expected = golden.hex.slice(0, golden.hex.length - 2 * excess);
        expect(Buffer.from(again).toString('hex')).toBe(expected);
      });
    }
  }

  it('cover every API in both directions, and nothing else', () => {
    expect(readdirSync(folder).sort()).toEqual(
      apis.map(({ name }) => `${kebab(name)}.json`).sort(),
    );
    for (const api of apis) {
      const directions = new Set(goldenOf(api).map(({ direction }) => direction));
      expect([...directions].sort(), api.name).toEqual(['request', 'response']);
    }
  });

  it('say what was said', () => {
    const said = (name: string, version: number, direction: Golden['direction']): unknown => {
      const api = apis.find((each) => each.name === name)!;
      const golden = goldenOf(api).find(
        (each) => each.version === version && each.direction === direction,
      )!;
      return readAndWrite(api, golden).value;
    };
    expect(said('Metadata', 13, 'response')).toMatchObject({
      brokers: [{ nodeId: 1, host: '127.0.0.1', port: 19310, rack: null }],
      controllerId: 1,
      errorCode: 0,
    });
    expect(said('JoinGroup', 9, 'request')).toMatchObject({
      protocolType: 'consumer',
      groupInstanceId: null,
    });
    expect(said('Produce', 7, 'request')).toMatchObject({ transactionalId: null });
    expect(said('Fetch', 4, 'request')).toMatchObject({ replicaId: -1, sessionEpoch: -1 });
    expect(said('ApiVersions', 4, 'response')).toMatchObject({ errorCode: 0, throttleTimeMs: 0 });
  });
});
