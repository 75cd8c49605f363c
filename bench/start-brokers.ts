/**
 * The brokers whose start is measured, each as whoever wants one starts it: Kedge from the packed
 * package, installed in a project of its own, and Apache Kafka from its jars. The surprise: neither
 * is asked whether it is ready; ApiVersions is sent until it is answered.
 */
import { mkdtempSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run } from '../test/cli/processes.ts';
import { launchApacheKafka } from '../test/compat/apache-kafka/kafka.ts';
import { freePort } from '../test/compat/broker.ts';
import { hello } from '../test/kafka/wire.ts';
import { type Project, pack } from '../test/package/installed.ts';
import { familyOf, isListenedOn, nameOf } from './processes.ts';

/** A broker that answered. */
export interface Started {
  readonly pid: number;
  readonly port: number;
  /** From the moment it was spawned to the first answer. */
  readonly afterMs: number;
  stop(): Promise<void>;
}

/** Kedge as a user has it, and the folder its processes have for temporary files. */
export interface InstalledKedge {
  readonly project: Project;
  readonly scratch: string;
  remove(): void;
}

export async function installKedge(): Promise<InstalledKedge> {
  const packed = await pack();
  return {
    project: await packed.install(),
    scratch: mkdtempSync(join(dirname(packed.tarball), 'tmp-')),
    remove: () => packed.remove(),
  };
}

/** `kedge dev`, spawned; it keeps its data where it is told to, by default in memory. */
export async function startKedgeDev(
  { project, scratch }: InstalledKedge,
  keeping: readonly string[] = ['--memory'],
): Promise<Started> {
  const port = await freePort();
  const ports = ['--kafka-port', String(port), '--http-port', '0'];
  const before = performance.now();
  const program = run(
    process.execPath,
    [project.file('node_modules/kedge/bin/kedge.cjs'), 'dev', ...keeping, ...ports],
    { cwd: project.path, env: { TMPDIR: scratch } },
  );
  let end: unknown;
  void program.ended.then((how) => {
    end = how;
  });
  const stop = async (): Promise<void> => {
    program.child.kill('SIGTERM');
    await program.ended;
  };
  try {
    await untilAnswered(port, () => end !== undefined);
  } catch (error) {
    await stop();
    throw new Error(`kedge dev: ${(error as Error).message}\n${program.stderr()}`);
  }
  return { pid: program.child.pid!, port, afterMs: performance.now() - before, stop };
}

/** Apache Kafka, one node that is broker and controller, with an empty log directory. */
export async function startKafka(): Promise<Started> {
  const { broker, address, launchedAt, stop } = await launchApacheKafka();
  try {
    await untilAnswered(address.kafkaPort, () => broker.exitCode !== null);
  } catch (error) {
    await stop();
    throw new Error(`Apache Kafka: ${(error as Error).message}\n${broker.stderr}`);
  }
  return {
    pid: broker.pid!,
    port: address.kafkaPort,
    afterMs: performance.now() - launchedAt,
    stop,
  };
}

/** What a process found that started and stopped Kedge again and again. */
export interface Cycles {
  readonly afterMs: readonly number[];
  readonly ports: readonly number[];
  /** What was there besides itself when it was done. */
  readonly left: readonly string[];
}

const cycling = `
import { startKedge } from 'kedge/testing';
const [afterMs, ports] = [[], []];
for (let cycle = 0; cycle <= Number(process.argv[2]); cycle++) {
  const before = performance.now();
  const kedge = await startKedge();
  // The first one has everything to load: the process is warm after it.
  if (cycle > 0) afterMs.push(performance.now() - before);
  ports.push(kedge.port, Number(new URL(kedge.url).port));
  await kedge.stop();
}
console.log(JSON.stringify({ afterMs, ports }));
process.stdin.resume();
`;

/** `startKedge()` and `stop()`, so many times in one process. */
export async function cycle({ project, scratch }: InstalledKedge, times: number): Promise<Cycles> {
  project.write('cycling.mjs', cycling);
  const program = run(process.execPath, ['cycling.mjs', String(times)], {
    cwd: project.path,
    env: { TMPDIR: scratch },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  await program.until('}\n');
  const { afterMs, ports }: Cycles = JSON.parse(program.stdout());
  const [, ...children] = familyOf(program.child.pid!);
  const left = [
    ...children.map((pid) => `the process ${nameOf(pid)}`),
    ...ports.filter(isListenedOn).map((port) => `the port ${port}`),
    ...filesLeft(scratch),
  ];
  program.child.stdin!.end();
  await program.ended;
  return { afterMs, ports, left };
}

/** What stays in a folder for temporary files; Node.js keeps there what it has compiled. */
export function filesLeft(scratch: string): string[] {
  return readdirSync(scratch)
    .filter((name) => name !== 'node-compile-cache')
    .map((name) => `the file ${name}`);
}

/** Asks a port until it answers; gives up when the process has ended, or after a minute. */
export async function untilAnswered(port: number, hasEnded: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await answers(port))) {
    if (hasEnded()) throw new Error('it ended before it answered');
    if (performance.now() > deadline) throw new Error('it did not answer within a minute');
    await delay(5);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => socket.write(hello()));
    socket.once('data', () => settle(true));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
  });
}
