import { afterEach, describe, expect, it } from 'vitest';
import { saslAuthenticate } from '../../../src/protocol/apis/sasl-authenticate.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { MemoryCluster } from '../memory-cluster.ts';
import { clusterWith, throughBytes } from '../through-bytes.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

describe('SaslAuthenticate', () => {
  it.each([0, 1, 2])('goes on with no handshake, v%d', async (version) => {
    cluster = await clusterWith({});
    const context = cluster.connect()(version);
    const authBytes = new TextEncoder().encode('\0alice\0secret');
    const answer = await throughBytes(saslAuthenticate, { authBytes }, context);
    expect(answer).toMatchObject({ errorCode: ErrorCode.ILLEGAL_SASL_STATE, sessionLifetimeMs: 0 });
    expect(answer.authBytes).toHaveLength(0);
  });
});
