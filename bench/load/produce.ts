/**
 * The loads `produce` and `one`: producers that send as fast as they may. The surprise: `one` is no
 * load of its own, but `produce` with one record a request and one request under way.
 */
import type { OneJob, ProduceJob, Report } from './job.ts';
import type { ProduceFrame } from './produce-frames.ts';
import { type Course, Sender } from './sender.ts';
import { topicIdFor } from './setup.ts';
import { Values } from './values.ts';
import { untilSilent, Window } from './window.ts';

export function one({ connections = 1, ...job }: OneJob): Promise<Report> {
  const batching = { batchBytes: 0, codec: 'none', partitionsPerRequest: 1 } as const;
  return produce({ ...job, ...batching, kind: 'produce', inFlight: 1, connections });
}

export async function produce(job: ProduceJob): Promise<Report> {
  const window = new Window(job);
  if (!window.isBounded) throw new Error('this load needs seconds or records');
  const options = { ...job, topicId: await topicIdFor(job), isAlone: job.connections === 1 };
  const values = new Values(job.recordBytes);
  const course = new AllAtOnce(window);
  const senders = await Promise.all(
    Array.from({ length: job.connections }, () => Sender.open(options, values, course)),
  );
  try {
    window.open();
    await untilSilent(window, Promise.all(senders.map((sender) => sender.run())));
  } finally {
    for (const sender of senders) sender.close();
  }
  window.end();
  return window.report();
}

class AllAtOnce implements Course {
  readonly mayStart = true;
  readonly #window: Window;

  constructor(window: Window) {
    this.#window = window;
  }

  get isFull(): boolean {
    return this.#window.isFull;
  }

  started(frame: ProduceFrame): void {
    this.#window.start(frame.records);
  }

  answered(frame: ProduceFrame, now: number, latencyMs: number): void {
    this.#window.count(now, frame.records, frame.batchBytes, latencyMs);
  }
}
