/**
 * What the Worker of a test cannot do for itself, done by the process around it: it is ended,
 * started again, copied and replaced. workerd leads the Worker's binding `HOST` here, by a port of
 * this machine, and shows a secret that nobody else has, the Worker neither.
 *
 * What it is asked, as the Worker asks it (`env.HOST.fetch('http://host/crash', …)`):
 * - `PUT /state` with a TestState: 204 as soon as a Kedge that is started again will know it.
 * - `POST /crash`, `POST /restart`: 202, and a moment later it happens.
 * - `GET /objects`: the objects there are files of, as ids by class.
 * - `POST /forget` with such ids: their files go. 204.
 * - `GET /snapshot`: 200 and the file.
 * - `POST /restore` with such a file: 202 once it is known to be whole, or 400 `{ message }`.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { ObjectIds } from './objects-directory.ts';
import { canStandStill } from './processes.ts';
import type { TestState } from './test-state.ts';

/** What may be done to a Kedge that is under test. */
export interface TestSubject {
  keepState(state: TestState): void;
  objects(): Promise<ObjectIds>;
  forget(objects: ObjectIds): Promise<void>;
  crash(): Promise<void>;
  restart(): Promise<void>;
  snapshot(file: string): Promise<void>;
  /** Makes sure that the file is whole, and lays down what it holds. */
  prepareRestore(file: string): Promise<void>;
  /** Puts it in place. */
  restorePrepared(): Promise<void>;
  /** For files that may go. */
  readonly scratch: string;
}

export interface TestHost {
  readonly port: number;
  readonly secret: string;
  close(): void;
}

const cannotStandStill =
  'On Windows a snapshot is only to be had from outside: from kedge/testing, by kedge.snapshot().';

/** The answer to whoever asked is on its way by then, through what is about to end. */
const momentMs = 100;

/** Listens on a free port of this machine. */
export async function startTestHost(subject: TestSubject): Promise<TestHost> {
  const secret = randomBytes(32).toString('base64url');
  const server = createServer((request, response) => {
    if (!isEqual(request.headers.authorization, `Bearer ${secret}`)) {
      response.writeHead(401).end();
      return;
    }
    answer(subject, request, response).catch((error) => {
      if (response.headersSent) response.destroy();
      else sendJson(response, 400, { message: String(error?.message ?? error) });
    });
  });
  await listening(server);
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    secret,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  subject: TestSubject,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const file = join(subject.scratch, `${randomBytes(8).toString('hex')}.snapshot`);
  switch (`${request.method} ${request.url}`) {
    case 'PUT /state':
      subject.keepState((await json(request)) as TestState);
      response.writeHead(204).end();
      return;
    case 'GET /objects':
      return sendJson(response, 200, await subject.objects());
    case 'POST /forget':
      await subject.forget((await json(request)) as ObjectIds);
      response.writeHead(204).end();
      return;
    case 'POST /crash':
      return soon(response, () => subject.crash());
    case 'POST /restart':
      return soon(response, () => subject.restart());
    case 'GET /snapshot':
      if (!canStandStill) return sendJson(response, 501, { message: cannotStandStill });
      try {
        await subject.snapshot(file);
        const type = 'application/octet-stream';
        response.writeHead(200, {
          'content-type': type,
          'content-length': (await stat(file)).size,
        });
        await pipeline(createReadStream(file), response);
      } finally {
        await rm(file, { force: true });
      }
      return;
    case 'POST /restore':
      try {
        await pipeline(request, createWriteStream(file, { mode: 0o600 }));
        await subject.prepareRestore(file);
        soon(response, () => subject.restorePrepared());
      } finally {
        await rm(file, { force: true });
      }
      return;
    default:
      sendJson(response, 404, { message: 'There is no such thing to ask of the host.' });
  }
}

function soon(response: ServerResponse, work: () => Promise<void>): void {
  response.once('finish', () => setTimeout(work, momentMs));
  response.writeHead(202).end();
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function isEqual(shown: string | undefined, secret: string): boolean {
  const [left, right] = [Buffer.from(shown ?? ''), Buffer.from(secret)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve());
  });
}
