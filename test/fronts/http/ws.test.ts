/** What is said of a WebSocket before there is one; what goes over it is in test/http. */
import { describe, expect, test } from 'vitest';
import { chooseProtocol } from '../../../src/fronts/http/ws/wire.ts';
import { MemoryDoor } from './memory-door.ts';

describe('a subprotocol', () => {
  test.each([
    [undefined, undefined],
    ['kafka.json.v1', 'kafka.json.v1'],
    ['bearer.x, cloudevents.json', 'cloudevents.json'],
    ['mqtt,kafka.json.v1', 'kafka.json.v1'],
  ])('of %s is %s', (offered, chosen) => {
    expect(chooseProtocol(offered)).toBe(chosen);
  });

  test.each(['mqtt', 'bearer.x', ''])('is refused where none is known: %s', (offered) => {
    expect(() => chooseProtocol(offered)).toThrow('kafka.json.v1 or cloudevents.json');
  });
});

describe('a token among subprotocols', () => {
  const paths = ['/ws/producer/t', '/ws/consumer/t/g', '/ws/reader/t'];
  const access = { ...new MemoryDoor().door.access, open: false, token: 'secret' };
  const ask = async (path: string, protocols: string) => {
    await using kedge = new MemoryDoor({}, { access });
    const headers = { 'sec-websocket-protocol': protocols };
    return (await kedge.ask('GET', path, { headers })).status;
  };

  test.each(paths)('lets a browser in: %s', async (path) => {
    expect(await ask(path, 'kafka.json.v1, bearer.secret')).toBe(426);
    expect(await ask(path, 'kafka.json.v1, bearer.guess')).toBe(401);
    expect(await ask(path, 'kafka.json.v1')).toBe(401);
  });

  test('lets nobody in where there are no WebSockets', async () => {
    expect(await ask('/rest/topics', 'bearer.secret')).toBe(401);
  });
});
