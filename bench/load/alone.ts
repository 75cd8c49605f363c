/**
 * What the load generator can do by itself: `node bench/load/alone.ts` puts its loads on a sink, a
 * process that answers each request and keeps nothing. The surprise: it is worth a look whenever a
 * broker became faster, for a generator that is not several times as fast measures itself.
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { table } from '../benchmark.ts';
import { keptLength, readAnswerHead } from '../speed/bare/dialect.ts';
import { type Frame, Frames } from '../speed/bare/frames.ts';
import type { Job, Report } from './job.ts';

const readBytes = 1 << 20;
const readers = new Uint8Array(16 << 20).fill(7);

function sink(): void {
  const server = createServer({ noDelay: true }, (socket) => {
    const frames = new Frames();
    socket.on('data', (bytes) => {
      for (const frame of frames.take(bytes)) answer(frame, socket);
    });
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
  process.once('disconnect', () => process.exit());
}

function answer({ correlationId, read }: Frame, socket: Socket): void {
  const head = Buffer.alloc(read === undefined ? 4 + keptLength : readAnswerHead);
  const rows = read === undefined ? undefined : readers.subarray(0, read.maxBytes);
  head.writeInt32BE(head.length - 4 + (rows?.length ?? 0), 0);
  head.writeInt32BE(correlationId, 4);
  if (read !== undefined) head.writeBigInt64BE(BigInt(read.from + 1), 8);
  socket.write(head);
  if (rows !== undefined) socket.write(rows);
}

const seconds = { seconds: 2, warmUpSeconds: 1 };
const produce = {
  kind: 'produce',
  codec: 'none',
  inFlight: 5,
  connections: 1,
  ...seconds,
} as const;
const fetch = { kind: 'fetch', partitionMaxBytes: readBytes, ...seconds } as const;
const small = { partitions: 1, batchBytes: 16_384 };

/** What a job says but for where it goes. */
type Load<J = Job> = J extends Job ? Omit<J, 'host' | 'port' | 'dialect' | 'topic'> : never;

const loads: [string, Load][] = [
  ['produce 100 B, 16 KiB batches', { ...produce, ...small, recordBytes: 100 }],
  ['produce 1 KB, 16 KiB batches', { ...produce, ...small, recordBytes: 1_000 }],
  ['the same, 16 partitions', { ...produce, ...small, partitions: 16, recordBytes: 1_000 }],
  ['produce 1 KB, 1 MB batches', { ...produce, ...small, batchBytes: 1e6, recordBytes: 1_000 }],
  ['one 1 KB record at a time', { kind: 'one', partitions: 1, recordBytes: 1_000, ...seconds }],
  ['fetch 1 MiB', { ...fetch, partitions: 1, maxBytes: readBytes }],
];

async function run(job: object): Promise<Report> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(job));
  return JSON.parse(await text(child.stdout)) as Report;
}

async function measure(): Promise<void> {
  const child = fork(import.meta.filename, ['sink']);
  const [port] = await once(child, 'message');
  const rows = [['load', 'MB/s', 'requests/s', 'p50 ms', 'CPU s/GB', 'CPU µs/request']];
  for (const [name, load] of loads) {
    const target = { host: '127.0.0.1', port, dialect: 'bare', topic: 'load', pids: [] };
    const report = await run({ ...target, ...load });
    const { p50, count } = report.latencyMs!;
    rows.push([
      name,
      (report.bytes / 1e6 / report.seconds).toFixed(0),
      (count / report.seconds).toFixed(0),
      p50.toFixed(3),
      ((report.cpuSeconds / report.bytes) * 1e9).toFixed(2),
      ((report.cpuSeconds / count) * 1e6).toFixed(0),
    ]);
  }
  child.disconnect();
  console.log(table(rows));
}

if (process.argv[2] === 'sink') sink();
else await measure();
