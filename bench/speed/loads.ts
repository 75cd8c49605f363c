/**
 * Puts loads on systems: starts the generator with a job and takes its report. The surprise: the
 * generator is told which processes it loads, since their processor time is to be taken at the very
 * moments between which it counts records.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import { deleteTopics } from '../../src/protocol/apis/delete-topics.ts';
import { Wire } from '../../test/kafka/wire.ts';
import type { IdleJob, Job, Report, Target } from '../load/job.ts';
import type { Running } from './system.ts';
import type { Round } from './workload.ts';

const generator = join(import.meta.dirname, '../load/main.ts');

/** What a workload says of a job; where it goes is the system's to say. */
export type Load<J extends Job = Job> = J extends Job
  ? Omit<J, 'host' | 'port' | 'dialect'>
  : never;

/** How long a load is put before it is measured. */
const warmUpSeconds = 0.3;

/** What a round says of how long a load lasts. */
export function lastsFor({ seconds, records }: Round, warmUp = warmUpSeconds) {
  return records === undefined ? { seconds, warmUpSeconds: warmUp } : { records };
}

/** The bare Worker has no more than these. */
const bareKinds: readonly Job['kind'][] = ['produce', 'one', 'fetch', 'idle'];

const loads = new Set<ChildProcessWithoutNullStreams>();
process.once('exit', endLoads);

/** Ends every load that is being put on somebody, who then throws. */
export function endLoads(): void {
  for (const child of loads) child.kill('SIGKILL');
}

/** Undefined: the system has no such thing. Throws when an answer was not right. */
export async function put(running: Running, load: Load): Promise<Report | undefined> {
  const program = programFor(running, load);
  if (program === undefined) return undefined;
  const generating = new Generating(program, jobFor(running, load));
  return generating.report({ isLast: true });
}

/** A load by a program of its own, which takes a job and answers with a report in the same way. */
export function putBy(program: string, job: { readonly kind: string }): Promise<Report> {
  return new Generating(program, job).report({ isLast: true });
}

/** Connections that are there until they are let go. */
export async function hold(
  running: Running,
  load: Load<IdleJob>,
): Promise<{ letGo(): Promise<void> } | undefined> {
  const program = programFor(running, load);
  if (program === undefined) return undefined;
  const generating = new Generating(program, jobFor(running, load));
  await generating.report({ isLast: false });
  return { letGo: () => generating.end() };
}

function programFor({ generator: own, dialect, url }: Running, load: Load) {
  if (own?.takes(load)) return own.program;
  if (load.kind === 'http') return url === undefined ? undefined : generator;
  const has = dialect === 'kafka' || (dialect === 'bare' && bareKinds.includes(load.kind));
  return has ? generator : undefined;
}

function jobFor({ host, port, dialect, pids }: Running, load: Load): Job {
  const target: Pick<Target, 'host' | 'port' | 'dialect' | 'pids'> = {
    host,
    port,
    // A peer's own generator knows whom it speaks to.
    dialect: dialect === 'bare' ? 'bare' : 'kafka',
    pids: pids(),
  };
  return { ...target, ...load };
}

/** A load under way. */
class Generating {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #kind: string;
  readonly #ended: Promise<unknown>;
  #stdout = '';
  #stderr = '';

  constructor(program: string, job: { readonly kind: string }) {
    const child = spawn(process.execPath, [program]);
    this.#child = child;
    this.#kind = job.kind;
    loads.add(child);
    this.#ended = once(child, 'close').finally(() => loads.delete(child));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    child.stdin.on('error', () => {});
    child.stdin.write(`${JSON.stringify(job)}\n`);
  }

  /** `isLast`: nothing is to be held after it. */
  async report({ isLast }: { readonly isLast: boolean }): Promise<Report> {
    if (isLast) await this.end();
    while (!this.#stdout.includes('\n')) {
      const isOver = await Promise.race([
        once(this.#child.stdout, 'data').then(() => false),
        this.#ended.then(() => true),
      ]);
      if (isOver && !this.#stdout.includes('\n')) {
        const { exitCode, signalCode } = this.#child;
        const how = `ended with ${exitCode ?? signalCode}`;
        throw new Error(`the load '${this.#kind}' ${how}: ${this.#stderr.trim().slice(-2_000)}`);
      }
    }
    return JSON.parse(this.#stdout) as Report;
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }
}

/** Makes ready for a topic, which a load then makes by `create`. */
export async function prepare(running: Running, topic: string): Promise<void> {
  await running.prepare?.(topic);
}

/** Removes a topic and what is in it, so that disks do not fill. */
export async function remove(running: Running, topic: string): Promise<void> {
  if (running.dialect !== 'kafka') {
    await running.discard?.(topic);
    return;
  }
  const wire = await Wire.open({ host: running.host, kafkaPort: running.port });
  try {
    await wire.ask(deleteTopics, 6, {
      topics: [{ name: topic, topicId: ZERO_UUID }],
      topicNames: [],
      timeoutMs: 30_000,
    });
  } finally {
    wire.close();
  }
}

/** A load on a topic of its own, which is removed afterwards. */
export async function putOnce(running: Running, load: Load): Promise<Report | undefined> {
  await prepare(running, load.topic);
  try {
    return await put(running, { create: true, ...load });
  } finally {
    await remove(running, load.topic);
  }
}

const filled = new WeakMap<Running, Map<string, Promise<Report | undefined>>>();

/** Puts a load the first time it is asked for; from then on its topic is there to be read. */
export async function fill(running: Running, load: Load): Promise<Report | undefined> {
  const topics = filled.get(running) ?? new Map<string, Promise<Report | undefined>>();
  filled.set(running, topics);
  await prepare(running, load.topic);
  const filling = topics.get(load.topic) ?? put(running, { create: true, ...load });
  topics.set(load.topic, filling);
  return filling;
}
