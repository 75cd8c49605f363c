/**
 * As much of Cloudflare's API as wrangler asks when it deploys a Worker and sets its secrets: what
 * it was sent stays here, and nothing runs.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';

export interface FakeCloudflare {
  /** What makes wrangler talk to it, and not ask anybody to log in. */
  readonly env: Readonly<Record<string, string>>;
  /** Every request, as `PUT /accounts/…`, and its body. */
  readonly requests: readonly { readonly what: string; readonly body: Buffer }[];
  stop(): Promise<void>;
}

export interface Account {
  /** The Workers that are there already, with the names of their secrets. */
  readonly workers?: Readonly<Record<string, readonly string[]>>;
  /** Whether it has a subdomain of workers.dev. */
  readonly hasSubdomain?: boolean;
  /** Whether the credentials are worth nothing. */
  readonly refuses?: boolean;
}

export async function startFakeCloudflare(account: Account = {}): Promise<FakeCloudflare> {
  const workers = new Map(
    Object.entries(account.workers ?? {}).map(([name, secrets]) => [name, new Set(secrets)]),
  );
  const requests: { what: string; body: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    requests.push({ what: `${request.method} ${pathOf(request)}`, body });
    const { status = 200, ...said } = account.refuses
      ? { status: 403, errors: [{ code: 10000, message: 'Authentication error' }] }
      : (answerOfWorkers(request, body, workers) ?? answerTo(request, account));
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ success: status < 400, errors: [], messages: [], ...said }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    env: {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}`,
      CLOUDFLARE_API_TOKEN: 'nobody',
      CLOUDFLARE_ACCOUNT_ID: 'account',
      WRANGLER_SEND_METRICS: 'false',
      CI: 'true',
    },
    requests,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return new URL(url, 'http://api').pathname;
}

interface Answer {
  readonly status?: number;
  readonly errors?: readonly unknown[];
  readonly result?: unknown;
}

type Workers = Map<string, Set<string>>;

/** What depends on which Workers are there. */
function answerOfWorkers(
  request: IncomingMessage,
  body: Buffer,
  workers: Workers,
): Answer | undefined {
  const [, name, rest] = /\/workers\/scripts\/([^/]+)(\/.*)?$/.exec(pathOf(request)) ?? [];
  if (name === undefined) return undefined;
  const there = workers.get(name);
  if (request.method === 'PUT' && rest === undefined) workers.set(name, there ?? new Set());
  if (rest !== '/secrets') return undefined;
  if (there === undefined) {
    const message = 'This Worker does not exist on your account.';
    return { status: 404, errors: [{ code: 10007, message }] };
  }
  if (request.method === 'PUT') there.add(JSON.parse(body.toString()).name);
  return { result: [...there].map((secret) => ({ name: secret, type: 'secret_text' })) };
}

/** Whatever is sent is taken. */
function answerTo(request: IncomingMessage, { hasSubdomain = true }: Account): Answer {
  const path = pathOf(request);
  const asks = request.method === 'GET';
  if (!hasSubdomain && /\/accounts\/[^/]+\/workers\/subdomain$/.test(path)) {
    return { status: 404, errors: [{ code: 10007, message: 'no subdomain' }] };
  }
  if (asks && /\/services\/[^/]+$/.test(path)) {
    return { status: 404, errors: [{ code: 10090, message: 'service not found' }] };
  }
  if (asks && path.endsWith('/secrets')) return { result: [] };
  if (asks && path.endsWith('/deployments')) return { result: { deployments: [] } };
  if (/\/workers\/workers\/[^/]+$/.test(path)) {
    return { result: { name: 'kedge', subdomain: { enabled: false, previews_enabled: false } } };
  }
  if (path.endsWith('/subdomain')) {
    return { result: { subdomain: 'example', enabled: true, previews_enabled: false } };
  }
  return { result: { id: 'kedge', tag: 'tag', etag: 'etag', startup_time_ms: 10 } };
}
