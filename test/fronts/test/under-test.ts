/** A Kedge with controls for tests, in the test's own process, and what it says under `/test`. */
import { type LocalKedge, startLocalKedge } from '../../../src/local/local-kedge.ts';
import type { LocalOptions } from '../../../src/local/local-options.ts';
import { inMemory } from '../../local/kedges.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what it is, each test knows
  readonly json: any;
}

export interface UnderTest {
  readonly kedge: LocalKedge;
  readonly host: string;
  readonly kafkaPort: number;
  readonly url: string;
  readonly broker: string;
  /** What it had to say, `level: message` each. */
  readonly lines: string[];
  ask(method: string, path: string, body?: unknown, headers?: object): Promise<Answer>;
  /** The same under `/test`. Throws where it is refused. */
  control(method: string, path: string, body?: unknown): Promise<Answer['json']>;
  fault(spec: object): Promise<{ readonly id: string }>;
  hits(id: string): Promise<number>;
}

export async function startUnderTest(options: Partial<LocalOptions> = {}): Promise<UnderTest> {
  const lines: string[] = [];
  const kedge = await startLocalKedge(
    { ...inMemory, testControls: 'open', ...options },
    {
      onLine: (level, message) => lines.push(`${level}: ${message}`),
      onRestart: () => {},
      onFailure: (error) => lines.push(`failure: ${error.message}`),
    },
  );
  const url = `http://127.0.0.1:${kedge.httpPort}`;
  const ask: UnderTest['ask'] = async (method, path, body, headers = {}) => {
    const json = { 'content-type': 'application/json', connection: 'close', ...headers };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(url + path, { method, headers: json, ...sent });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, text, json: isJson ? JSON.parse(text) : undefined };
  };
  const control: UnderTest['control'] = async (method, path, body) => {
    const { status, text, json } = await ask(method, `/test${path}`, body);
    if (status >= 300) throw new Error(`${method} /test${path}: ${status} ${text}`);
    return json;
  };
  return {
    ...{ kedge, url, lines, ask, control, host: '127.0.0.1', kafkaPort: kedge.kafkaPort },
    broker: `127.0.0.1:${kedge.kafkaPort}`,
    fault: (spec) => control('POST', '/faults', spec),
    hits: async (id) => {
      const { faults } = await control('GET', '/faults');
      return faults.find((fault: { id: string }) => fault.id === id).hits;
    },
  };
}
