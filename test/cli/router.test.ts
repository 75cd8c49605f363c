/**
 * A cluster of two brokers: each request goes to the one that answers it. The brokers are made for
 * the test, and refuse what belongs to the other.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clusterAt } from '../../src/cli/connection/connect.ts';
import { apis } from '../../src/protocol/apis/index.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { FrameReader } from '../../src/protocol/frame.ts';
import { encodeResponseFrame, openRequest } from '../../src/protocol/header.ts';
import { decodeRequest, defaultsOf } from '../../src/protocol/schema.ts';

const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ';
/** Partition 0 is led by broker 1, partition 1 by broker 2, which also coordinates groups. */
let leaders = [1, 2];
const ports: number[] = [];
const servers: Server[] = [];
const sockets = new Set<Socket>();
const asked: string[] = [];

// biome-ignore lint/suspicious/noExplicitAny: requests of any API
type Any = any;

function answer(node: number, name: string, request: Any): Any {
  const wrong = (partition: number) =>
    leaders[partition] === node ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER;
  switch (name) {
    case 'ApiVersions':
      return {
        apiKeys: apis.map(({ key, versions: [minVersion, maxVersion] }) => ({
          ...{ apiKey: key, minVersion, maxVersion },
        })),
      };
    case 'Metadata':
      return {
        brokers: ports.map((port, at) => ({ nodeId: at + 1, host: '127.0.0.1', port, rack: null })),
        topics: request.topics.length > 0 ? [topicView()] : [],
      };
    case 'FindCoordinator':
      return {
        coordinators: request.coordinatorKeys.map((key: string) => ({
          ...{ key, nodeId: 2, host: '127.0.0.1', port: ports[1] },
          ...{ errorCode: 0, errorMessage: null },
        })),
      };
    case 'ListOffsets':
      return {
        topics: request.topics.map(({ name, partitions }: Any) => ({
          name,
          partitions: partitions.map(({ partitionIndex }: Any) => ({
            ...{ partitionIndex, errorCode: wrong(partitionIndex), timestamp: -1 },
            ...{ offset: 100 + partitionIndex, leaderEpoch: -1 },
          })),
        })),
      };
    case 'ListGroups':
      return {
        groups: [
          { groupId: `of-${node}`, protocolType: '', groupState: 'Empty', groupType: 'classic' },
        ],
      };
    case 'DeleteGroups':
      return {
        results: request.groupsNames.map((groupId: string) => ({
          ...{ groupId, errorMessage: null },
          errorCode: node === 2 ? ErrorCode.NONE : ErrorCode.NOT_COORDINATOR,
        })),
      };
    default:
      throw new Error(`nobody expects ${name}`);
  }
}

function topicView(): Any {
  return {
    ...{ errorCode: 0, name: 'orders', topicId, isInternal: false },
    topicAuthorizedOperations: 0,
    partitions: leaders.map((leaderId, partitionIndex) => ({
      ...{ errorCode: 0, partitionIndex, leaderId, leaderEpoch: 0 },
      ...{ replicaNodes: [leaderId], isrNodes: [leaderId], offlineReplicas: [] },
    })),
  };
}

async function broker(node: number): Promise<void> {
  const server = createServer((socket) => {
    const frames = new FrameReader(1_000_000);
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      frames.push(data);
      for (let frame = frames.next(); frame; frame = frames.next()) {
        const { header, body } = openRequest(frame);
        const { apiVersion, correlationId } = header;
        const api = header.api!;
        const request = decodeRequest(api, apiVersion, body);
        asked.push(`${node} ${api.name}`);
        const whole = { ...defaultsOf(api.response.fields), ...answer(node, api.name, request) };
        for (const part of encodeResponseFrame(api, apiVersion, correlationId, whole)) {
          socket.write(part);
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ports[node - 1] = (server.address() as { port: number }).port;
  servers[node - 1] = server;
}

beforeAll(async () => {
  await broker(1);
  await broker(2);
});
afterAll(() => {
  for (const server of servers) server.close();
});

function cluster() {
  asked.length = 0;
  return clusterAt({
    ...{ url: undefined, bootstrap: [`127.0.0.1:${ports[0]}`], isLocal: false },
    ...{ credentials: {}, mechanism: undefined, tls: undefined, requestTimeoutMs: 5_000 },
  });
}

const both = [0, 1].map((partition) => ({ topic: 'orders', partition, at: 'latest' as const }));

it('asks each leader for its partitions, and puts the answers together', async () => {
  await using to = cluster();
  const found = await to.admin.listOffsets(both);
  expect(found.toSorted((a, b) => a.partition - b.partition)).toEqual([
    { topic: 'orders', partition: 0, offset: 100 },
    { topic: 'orders', partition: 1, offset: 101 },
  ]);
  expect(asked.filter((one) => one.endsWith('ListOffsets')).sort()).toEqual([
    '1 ListOffsets',
    '2 ListOffsets',
  ]);
});

it('looks again for leaders that have changed', async () => {
  await using to = cluster();
  await to.admin.listOffsets(both);
  leaders = [2, 1];
  expect(await to.admin.listOffsets(both)).toHaveLength(2);
  leaders = [1, 2];
});

it('asks the coordinator of a group, and every broker for all groups', async () => {
  await using to = cluster();
  await to.admin.deleteGroups(['shop']);
  expect(asked).toContain('2 DeleteGroups');
  expect(asked).not.toContain('1 DeleteGroups');
  const groups = await to.admin.listGroups();
  expect(groups.map(({ groupId }) => groupId).sort()).toEqual(['of-1', 'of-2']);
});

it('goes on where the lines to the brokers break', async () => {
  await using to = cluster();
  await to.admin.listOffsets(both);
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await to.admin.listOffsets(both)).toHaveLength(2);
});
