import { describe, expect, it } from 'vitest';
import { metadata } from '../../../src/protocol/apis/metadata.ts';
import { decodeRequest } from '../../../src/protocol/schema.ts';

describe('Metadata', () => {
  it('reads the "all topics" of librdkafka 2.1 and later, which is three bytes too long', () => {
    const body = Uint8Array.of(0, 0, 0, 0, 1, 0, 0);
    for (let version = 9; version <= 13; version++) {
      expect(decodeRequest(metadata, version, body)).toEqual({
        topics: null,
        allowAutoTopicCreation: false,
        includeClusterAuthorizedOperations: false,
        includeTopicAuthorizedOperations: false,
      });
    }
  });

  it('tells "all topics" from "none": an empty list in version 0, null from 1 on', () => {
    const empty = Uint8Array.of(0, 0, 0, 0);
    expect(decodeRequest(metadata, 0, empty)).toMatchObject({ topics: [] });
    expect(decodeRequest(metadata, 0, empty).allowAutoTopicCreation).toBe(true);
    const nothing = Uint8Array.of(255, 255, 255, 255);
    expect(decodeRequest(metadata, 1, nothing).topics).toBeNull();
    expect(() => decodeRequest(metadata, 0, nothing)).toThrow('null');
  });
});
