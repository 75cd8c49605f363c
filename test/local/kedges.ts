/** Kedges of a test's own, in its process; what it leaves running is stopped. */
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { type LocalKedge, startLocalKedge } from '../../src/local/local-kedge.ts';
import type { LocalOptions } from '../../src/local/local-options.ts';

export interface Watched extends LocalKedge {
  /** What it had to say, `level: message` each. */
  readonly lines: readonly string[];
  /** How often it ended by itself and came back, and why it did not. */
  readonly ends: readonly (Error | 'restarted')[];
}

export const inMemory: LocalOptions = {
  host: '127.0.0.1',
  kafkaPort: 0,
  httpPort: 0,
  dataDir: null,
  variables: { KEDGE_OPEN: 'true' },
};

/** Starts one that is stopped at the end of the test, if it has not been. */
export async function start(options: Partial<LocalOptions> = {}): Promise<Watched> {
  const lines: string[] = [];
  const ends: (Error | 'restarted')[] = [];
  const kedge = await startLocalKedge(
    { ...inMemory, ...options },
    {
      onLine: (level, message) => lines.push(`${level}: ${message}`),
      onRestart: () => ends.push('restarted'),
      onFailure: (error) => ends.push(error),
    },
  );
  onTestFinished(() => kedge.stop());
  return Object.assign(kedge, { lines, ends });
}

/** Whether somebody listens at a port. */
export function answers(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

export const urlOf = ({ httpPort }: LocalKedge): string => `http://127.0.0.1:${httpPort}`;

/** Produces records over HTTP; throws where that is refused. */
export async function produce(kedge: LocalKedge, topic: string, ...values: string[]) {
  const answer = await fetch(`${urlOf(kedge)}/rest/topics/${topic}`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
    body: JSON.stringify({ records: values.map((value) => ({ value })) }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}

/** The values of partition 0 of a topic. */
export async function valuesIn(kedge: LocalKedge, topic: string): Promise<string[]> {
  const path = `/rest/topics/${topic}/partitions/0/records?offset=0`;
  const headers = { accept: 'application/vnd.kafka.json.v2+json' };
  const answer = await fetch(`${urlOf(kedge)}${path}`, { headers });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { value: string }[]).map(({ value }) => value);
}
