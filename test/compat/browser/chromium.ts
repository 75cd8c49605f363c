/**
 * A headless Chromium, driven over its DevTools protocol. It finds the hosts of a test where the
 * test says they are, so that pages have origins of their own without any name server.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Running } from '../processes.ts';

interface Reply {
  readonly id?: number;
  // biome-ignore lint/suspicious/noExplicitAny: as the protocol has it
  readonly result?: any;
  readonly error?: { readonly message: string };
}

export class Chromium {
  readonly #process: Running;
  readonly #socket: WebSocket;
  readonly #folder: string;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #lastId = 0;

  private constructor(process: Running, socket: WebSocket, folder: string) {
    this.#process = process;
    this.#socket = socket;
    this.#folder = folder;
    socket.addEventListener('message', ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply;
      if (reply.id !== undefined) this.#waiting.get(reply.id)?.(reply);
    });
  }

  /** `hosts`: `app.example` to `127.0.0.1:8080`. */
  static async start(hosts: Readonly<Record<string, string>>): Promise<Chromium> {
    const folder = await mkdtemp(join(tmpdir(), 'kedge-chromium-'));
    const rules = Object.entries(hosts).map(([name, address]) => `MAP ${name} ${address}`);
    const process = new Running('chromium', [
      ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
      ...['--no-first-run', '--disable-extensions', '--disable-background-networking'],
      ...['--remote-debugging-port=0', `--user-data-dir=${folder}`],
      `--host-resolver-rules=${rules.join(',')}`,
      'about:blank',
    ]);
    const listening = /DevTools listening on (ws:\S+)/;
    await process.until(({ stderr }) => listening.test(stderr), 'its address', 60_000);
    const socket = new WebSocket(listening.exec(process.stderr)![1]!);
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    return new Chromium(process, socket, folder);
  }

  static async version(): Promise<string> {
    const process = new Running('chromium', ['--version']);
    await process.exited;
    return process.stdout.trim();
  }

  async ask(
    method: string,
    params: object,
    sessionId?: string,
  ): Promise<NonNullable<Reply['result']>> {
    const id = ++this.#lastId;
    const replied = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    const { result, error } = await replied;
    this.#waiting.delete(id);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** Opens a page, and waits until it is there. */
  async open(url: string): Promise<Page> {
    const { targetId } = await this.ask('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.ask('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, sessionId);
    await this.ask('Page.enable', {}, sessionId);
    await this.ask('Page.navigate', { url }, sessionId);
    const isIt = `location.href === ${JSON.stringify(url)}`;
    const isThere = `document.readyState === 'complete' && ${isIt}`;
    while (!(await page.run(isThere).catch(() => false))) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return page;
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.#process.stop('SIGTERM');
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class Page {
  readonly #browser: Chromium;
  readonly #sessionId: string;

  constructor(browser: Chromium, sessionId: string) {
    this.#browser = browser;
    this.#sessionId = sessionId;
  }

  /** What an expression comes to; promises are awaited. Throws what it throws. */
  // biome-ignore lint/suspicious/noExplicitAny: the case checks what comes back
  async run(expression: string): Promise<any> {
    const { result, exceptionDetails } = await this.#browser.ask(
      'Runtime.evaluate',
      { expression, awaitPromise: true, returnByValue: true },
      this.#sessionId,
    );
    if (exceptionDetails === undefined) return result.value;
    throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  }
}
