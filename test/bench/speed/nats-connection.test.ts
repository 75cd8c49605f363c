import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { JetStreamError, NatsConnection } from '../../../bench/speed/peers/nats-connection.ts';

/** A server that says what it is told to, and remembers what it heard. */
async function fakeNats() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connected = once(server, 'connection') as Promise<[Socket]>;
  const { port } = server.address() as AddressInfo;
  const opening = NatsConnection.open({ host: '127.0.0.1', port });
  const [socket] = await connected;
  let heard = '';
  socket.on('data', (text) => {
    heard += text;
  });
  const hears = async (what: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = what.exec(heard);
      if (match) return match;
      await once(socket, 'data');
    }
  };
  socket.write('INFO {"version":"2.15.2","jetstream":true}\r\n');
  await hears(/^CONNECT \{.*\}\r\nPING\r\n$/);
  socket.write('PONG\r\n');
  const connection = await opening;
  close = () => {
    connection.close();
    server.close();
  };
  return { socket, connection, hears };
}

let close = (): void => {};
afterEach(() => close());

describe('a connection to NATS', () => {
  it('knows the version of the server', async () => {
    expect((await fakeNats()).connection.version).toBe('2.15.2');
  });

  it('hands over messages, wherever reads begin and end', async () => {
    const { socket, connection, hears } = await fakeNats();
    const came: [string, number | undefined][] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const inbox = connection.inbox((payload, status) => {
      came.push([payload.toString(), status]);
      if (came.length === 4) resolve();
    });
    const [, sid] = await hears(new RegExp(`SUB ${inbox} (\\d+)\r\n`));
    const said = [
      `MSG ${inbox} ${sid} 5\r\nhello\r\n`,
      `PING\r\nMSG ${inbox} ${sid} a.reply.subject 12\r\nline\r\nMSG x\r\r\n`,
      `HMSG ${inbox} ${sid} 28 28\r\nNATS/1.0 404 No Messages\r\n\r\n\r\n`,
      `MSG ${inbox} ${sid} 0\r\n\r\n`,
    ].join('');
    for (const byte of said) {
      socket.write(byte);
      await new Promise((done) => setImmediate(done));
    }
    await promise;
    expect(came).toEqual([
      ['hello', undefined],
      ['line\r\nMSG x\r', undefined],
      ['', 404],
      ['', undefined],
    ]);
    await hears(/PONG\r\n/);
  });

  it('answers a request with what JetStream says, or throws it', async () => {
    const { socket, connection, hears } = await fakeNats();
    const refused = connection.request('STREAM.CREATE.orders', { name: 'orders' });
    const [, subject, sid] = await hears(/SUB (\S+) (\d+)\r\n/);
    await hears(/PUB \$JS\.API\.STREAM\.CREATE\.orders \S+ 17\r\n\{"name":"orders"\}\r\n/);
    const refusal = '{"error":{"code":400,"description":"no such thing"}}';
    socket.write(`MSG ${subject} ${sid} ${refusal.length}\r\n${refusal}\r\n`);
    await expect(refused).rejects.toThrow(JetStreamError);
    const asked = connection.request('INFO');
    const [, answerTo] = await hears(/PUB \$JS\.API\.INFO (\S+) 0\r\n\r\n/);
    const info = '{"type":"info","streams":1}';
    socket.write(`MSG ${answerTo} ${Number(sid) + 1} ${info.length}\r\n${info}\r\n`);
    await expect(asked).resolves.toEqual({ type: 'info', streams: 1 });
  });

  it('fails when the server complains, or goes', async () => {
    const one = await fakeNats();
    const failed = expect(one.connection.failed).rejects.toThrow('Permissions Violation');
    one.socket.write("-ERR 'Permissions Violation'\r\n");
    await failed;
    close();
    const other = await fakeNats();
    const waiting = expect(other.connection.request('INFO')).rejects.toThrow('closed');
    other.socket.end();
    await waiting;
  });
});
