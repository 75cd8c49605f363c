/**
 * The load `idle`: connections that have said hello and say no more. The surprise: the report comes
 * when all are open, and the connections stay until standard input ends, so that whoever asked can
 * look at the broker meanwhile.
 */
import type { Reader } from '../../src/bytes/reader.ts';
import { concat } from '../../src/bytes/writer.ts';
import { apiVersions } from '../../src/protocol/apis/api-versions.ts';
import { errorInfo } from '../../src/protocol/errors.ts';
import { encodeRequestFrame } from '../../src/protocol/header.ts';
import { Connection } from './connection.ts';
import type { IdleJob, Report } from './job.ts';
import { untilSilent, Window } from './window.ts';

/** What is opened at a time: nobody's backlog is to be tested. */
const atATime = 20;
const version = 4;
const correlationId = 7;

/** The report, and what lets go of the connections. */
export async function idle(job: IdleJob): Promise<{ report: Report; close: () => void }> {
  const window = new Window({ ...job, seconds: undefined, records: job.connections });
  const hello = concat(
    encodeRequestFrame(
      apiVersions,
      version,
      { correlationId, clientId: 'load' },
      { clientSoftwareName: 'load', clientSoftwareVersion: '1' },
    ),
  );
  const open: Connection[] = [];
  const one = async (): Promise<void> => {
    while (!window.isFull) {
      window.start(1);
      const began = performance.now();
      const connection = await Connection.open(job);
      open.push(connection);
      const length = await greet(connection, hello, job);
      const now = performance.now();
      window.count(now, 1, length, now - began);
    }
  };
  window.open();
  await untilSilent(window, Promise.all(Array.from({ length: atATime }, one)));
  const close = (): void => {
    for (const connection of open) connection.close();
  };
  return { report: window.report(), close };
}

/** How long the answer was. */
function greet(connection: Connection, hello: Uint8Array, { dialect }: IdleJob): Promise<number> {
  return new Promise((resolve, reject) => {
    connection.onFailure = reject;
    connection.onAnswer = (answer: Reader) => {
      const length = answer.remaining;
      if (answer.int32() !== correlationId) throw new Error('an answer to something else');
      const errorCode = dialect === 'kafka' ? answer.int16() : 0;
      if (errorCode !== 0) throw new Error(`ApiVersions answered ${errorInfo(errorCode).name}`);
      resolve(length);
    };
    connection.write(hello);
  });
}
