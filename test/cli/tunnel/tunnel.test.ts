import { afterEach, describe, expect, it } from 'vitest';
import { openTunnel, type Tunnel } from '../../../src/cli/tunnel/tunnel.ts';
import { metadata } from '../../../src/protocol/apis/metadata.ts';
import { defaultsOf } from '../../../src/protocol/schema.ts';
import { createTopic, produceTo, readFrom, Wire } from '../../kafka/wire.ts';
import { type Kedge, spawnKedge } from '../../kedge-process.ts';
import { parseTunnelOptions } from './parse.ts';

const running: (Tunnel | Kedge)[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await ('stop' in one ? one.stop() : one.close());
});

async function start(options: Parameters<typeof spawnKedge>[0] = {}): Promise<Kedge> {
  const kedge = await spawnKedge(options);
  running.push(kedge);
  return kedge;
}

async function tunnelTo(url: string, ...args: string[]) {
  const said: string[] = [];
  const options = parseTunnelOptions([url, '--listen', '127.0.0.1:0', ...args], {});
  const tunnel = await openTunnel(options, (line) => said.push(line));
  running.push(tunnel);
  return { tunnel, said };
}

const dial = ({ host, port }: Tunnel): Promise<Wire> => Wire.open({ host, kafkaPort: port });

async function brokerOf(wire: Wire): Promise<string> {
  const [{ host, port }] = (await wire.ask(metadata, 12, defaultsOf(metadata.request.fields)))
    .brokers;
  return `${host}:${port}`;
}

const isSo = () => true;
const isNot = () => false;
const later = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('a tunnel', () => {
  it('advertises its own address, or what it was told to', async () => {
    const kedge = await start({ advertise: 'kafka.example.com:9092' });
    const { tunnel } = await tunnelTo(kedge.url);
    const wire = await dial(tunnel);
    expect(await brokerOf(wire)).toBe(`127.0.0.1:${tunnel.port}`);
    const other = await tunnelTo(kedge.url, '--advertise', 'other.example.com:1234');
    expect(await brokerOf(await dial(other.tunnel))).toBe('other.example.com:1234');
  });

  it('carries many connections at the same time, and large records', async () => {
    const kedge = await start();
    const { tunnel, said } = await tunnelTo(kedge.url);
    const wires = await Promise.all(Array.from({ length: 100 }, () => dial(tunnel)));
    await createTopic(wires[0], 'many');
    await Promise.all(wires.map((wire, i) => produceTo(wire, 'many', `${i}`)));
    expect(new Set(await readFrom(wires[1], 'many', 0)).size).toBe(100);
    const large = 'x'.repeat(900_000);
    for (let i = 0; i < 12; i++) await produceTo(wires[0], 'many', large);
    expect(await readFrom(wires[2], 'many', 100)).toContain(large);
    expect(tunnel.connections).toBe(100);
    for (const wire of wires) wire.close();
    expect(said).toEqual([]);
  });

  it('holds a client while Kedge is away, and says so once', async () => {
    const kedge = await start();
    const { tunnel, said } = await tunnelTo(kedge.url);
    await createTopic(await dial(tunnel), 'patience');
    await kedge.kill();
    // What served it ends a moment later.
    while (await fetch(kedge.url).then(isSo, isNot)) await later();
    const wire = await dial(tunnel);
    const asked = produceTo(wire, 'patience', 'a');
    await new Promise((resolve) => setTimeout(resolve, 500));
    await kedge.restart();
    expect(await asked).toBe(0);
    expect(said.filter((line) => line.includes('cannot be reached'))).toHaveLength(1);
    expect(said.at(-1)).toBe('Kedge is reached again');
  });
});
