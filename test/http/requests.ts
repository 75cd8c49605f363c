/** Requests as raw as they come: a GET with a body is one that `fetch` refuses to send. */
import { request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly text: string;
  /** The body as JSON, or undefined when it is empty. */
  // biome-ignore lint/suspicious/noExplicitAny: the test checks what came over the wire
  readonly json: any;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export const v2 = 'application/vnd.kafka.v2+json';
export const v2Json = 'application/vnd.kafka.json.v2+json';
export const v2Binary = 'application/vnd.kafka.binary.v2+json';

export interface Ask {
  readonly body?: unknown;
  readonly type?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a string or bytes as they are, anything else as JSON. */
export async function ask(
  method: string,
  url: string,
  { body, type = v2, accept, headers = {} }: Ask = {},
): Promise<Answer> {
  const bytes =
    body === undefined || typeof body === 'string' || body instanceof Uint8Array
      ? body
      : JSON.stringify(body);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const outgoing = request(url, {
    method,
    agent: false,
    headers: {
      ...(bytes !== undefined && {
        'content-type': type,
        'content-length': Buffer.byteLength(bytes),
      }),
      ...(accept !== undefined && { accept }),
      ...headers,
    },
  });
  outgoing.on('error', reject);
  outgoing.on('response', (incoming) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk) => chunks.push(chunk));
    incoming.on('error', reject);
    incoming.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const answerType = incoming.headers['content-type'];
      resolve({
        status: incoming.statusCode!,
        type: answerType,
        text,
        headers: incoming.headers,
        get json() {
          return text === '' ? undefined : JSON.parse(text);
        },
      });
    });
  });
  outgoing.end(bytes);
  return promise;
}
