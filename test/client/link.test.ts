import { afterEach, describe, expect, it, vi } from 'vitest';
import { concat } from '../../src/bytes/writer.ts';
import { type Channel, disconnected, type Transport } from '../../src/client/channel.ts';
import { Link } from '../../src/client/link.ts';
import { apiVersions } from '../../src/protocol/apis/api-versions.ts';
import { listGroups } from '../../src/protocol/apis/list-groups.ts';
import { metadata } from '../../src/protocol/apis/metadata.ts';
import { saslAuthenticate } from '../../src/protocol/apis/sasl-authenticate.ts';
import { saslHandshake } from '../../src/protocol/apis/sasl-handshake.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { encodeResponseFrame, openRequest } from '../../src/protocol/header.ts';
import { type Api, decodeRequest, defaultsOf } from '../../src/protocol/schema.ts';

const options = { clientId: 'me', requestTimeoutMs: 1_000 };

type Answer = Readonly<Record<string, unknown>> | 'never' | 'another' | 'garbage';

/** Says what it is told to; knows Metadata up to version 4 and ListGroups. */
class Scripted implements Transport {
  readonly address = {};
  readonly asked: { api: string; version: number; clientId: string | null; request: unknown }[] =
    [];
  readonly channels: Channel[] = [];
  opened = 0;
  answer: (api: Api) => Answer = () => ({});
  sasl: Transport['sasl'];

  async open(): Promise<Channel> {
    this.opened++;
    const channel = {
      isOpen: true,
      request: async (chunks: readonly Uint8Array[]) => {
        if (!channel.isOpen) throw disconnected();
        const { header, body } = openRequest(concat(chunks).slice());
        const { apiVersion, clientId, correlationId } = header;
        const api = header.api!;
        const request = decodeRequest(api, apiVersion, body);
        this.asked.push({ api: api.name, version: apiVersion, clientId, request });
        const answer = api.key === apiVersions.key ? versions : this.answer(api);
        if (answer === 'never') return new Promise<never>(() => {});
        if (answer === 'garbage') return new Uint8Array(5);
        const id = answer === 'another' ? correlationId + 1 : correlationId;
        const value = { ...defaultsOf(api.response.fields), ...(answer as object) };
        return concat(encodeResponseFrame(api, apiVersion, id, value)).slice(4);
      },
      close: () => {
        channel.isOpen = false;
      },
    };
    this.channels.push(channel);
    return channel;
  }

  get names(): string[] {
    return this.asked.map(({ api }) => api);
  }
}

const versions = {
  apiKeys: [
    { apiKey: metadata.key, minVersion: 0, maxVersion: 4 },
    { apiKey: listGroups.key, minVersion: 0, maxVersion: 99 },
  ],
};

afterEach(() => {
  vi.useRealTimers();
});

describe('a link', () => {
  it('speaks the newest version that both know, and asks which that is once', async () => {
    const transport = new Scripted();
    const link = new Link(transport, options);
    await link.call(metadata, { topics: [] });
    await link.call(listGroups, {});
    await new Link(transport, options).call(listGroups, {});
    expect(transport.asked.map(({ api, version }) => [api, version])).toEqual([
      ['ApiVersions', 3],
      ['Metadata', 4],
      ['ListGroups', listGroups.versions[1]],
      ['ListGroups', listGroups.versions[1]],
    ]);
    expect(transport.asked[1]).toMatchObject({ clientId: 'me' });
    await expect(link.call(saslHandshake, { mechanism: 'x' })).rejects.toMatchObject({
      name: 'UNSUPPORTED_VERSION',
    });
  });

  it('gives up an answer that does not come, and asks the next on another channel', async () => {
    const transport = new Scripted();
    const link = new Link(transport, options);
    transport.answer = () => 'never';
    await expect(link.call(listGroups, {}, { timeoutMs: 20 })).rejects.toMatchObject({
      code: ErrorCode.REQUEST_TIMED_OUT,
      retriable: true,
    });
    transport.answer = () => ({});
    await link.call(listGroups, {});
    expect(transport.opened).toBe(2);
    transport.answer = () => 'never';
    const signal = AbortSignal.timeout(10);
    const aborted = link.call(listGroups, {}, { signal });
    await expect(aborted).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it.each(['another', 'garbage'] as const)('believes no answer that is %s', async (answer) => {
    const transport = new Scripted();
    const link = new Link(transport, options);
    transport.answer = () => answer;
    await expect(link.call(listGroups, {})).rejects.toMatchObject({ name: 'NETWORK_EXCEPTION' });
    transport.answer = () => ({});
    await link.call(listGroups, {});
    expect(transport.opened).toBe(2);
  });

  it('is quiet for as long as it is asked to be', async () => {
    const transport = new Scripted();
    const link = new Link(transport, options);
    transport.answer = () => ({ throttleTimeMs: 60_000 });
    await link.call(listGroups, {});
    vi.useFakeTimers();
    const late = link.call(listGroups, {}, { timeoutMs: 30 });
    const refused = expect(late).rejects.toMatchObject({ code: ErrorCode.REQUEST_TIMED_OUT });
    await vi.advanceTimersByTimeAsync(30);
    await refused;
    expect(vi.getTimerCount()).toBe(0);
    const closed = link.call(listGroups, {}, { timeoutMs: 90_000 });
    const never = expect(closed).rejects.toThrow('closed');
    link.close();
    await vi.advanceTimersByTimeAsync(60_000);
    await never;
    expect(transport.names).toEqual(['ApiVersions', 'ListGroups']);
  });

  it('says who asks on each channel, and what is said of that', async () => {
    const transport = new Scripted();
    transport.sasl = { token: 'secret' };
    await new Link(transport, options).call(listGroups, {});
    expect(transport.names).toEqual([
      'SaslHandshake',
      'SaslAuthenticate',
      'ApiVersions',
      'ListGroups',
    ]);
    const said = transport.asked[1].request as { authBytes: Uint8Array };
    expect(new TextDecoder().decode(said.authBytes)).toBe('\0token\0secret');
    const errorCode = ErrorCode.SASL_AUTHENTICATION_FAILED;
    transport.answer = ({ key }) =>
      key === saslAuthenticate.key ? { errorCode, errorMessage: 'no' } : {};
    const refused = new Link(transport, options).call(listGroups, {});
    await expect(refused).rejects.toMatchObject({ code: errorCode, message: 'no' });
    transport.answer = ({ key }) => (key === saslHandshake.key ? { errorCode: 33 } : {});
    await expect(new Link(transport, options).call(listGroups, {})).rejects.toMatchObject({
      name: 'UNSUPPORTED_SASL_MECHANISM',
    });
    expect(transport.channels.map(({ isOpen }) => isOpen)).toEqual([true, false, false]);
  });

  it('sends nothing after it was closed', async () => {
    const transport = new Scripted();
    const link = new Link(transport, options);
    link.close();
    await expect(link.call(listGroups, {})).rejects.toThrow('closed');
    expect(transport.asked).toEqual([]);
  });
});
