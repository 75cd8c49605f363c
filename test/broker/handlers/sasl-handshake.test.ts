import { afterEach, describe, expect, it } from 'vitest';
import { saslHandshake } from '../../../src/protocol/apis/sasl-handshake.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { MemoryCluster } from '../memory-cluster.ts';
import { clusterWith, throughBytes } from '../through-bytes.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

describe('SaslHandshake', () => {
  it.each([0, 1])('says that there is nothing to authenticate with, v%d', async (version) => {
    cluster = await clusterWith({});
    const context = cluster.connect()(version);
    expect(await throughBytes(saslHandshake, { mechanism: 'PLAIN' }, context)).toEqual({
      errorCode: ErrorCode.ILLEGAL_SASL_STATE,
      mechanisms: [],
    });
  });
});
