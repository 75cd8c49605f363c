/**
 * Ports are asked for before workerd listens on them, so that the answer can say which was taken. A
 * port that is free now may be taken a moment later; then workerd's own words have to do.
 */
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Address } from './local-options.ts';

/** A port that cannot be had; the message is for the person who wants it. */
export class PortUnavailable extends Error {
  /** What it was to be: `kafka`, `http`, … */
  readonly socket: string;

  constructor(message: string, socket: string) {
    super(message);
    this.socket = socket;
  }
}

/**
 * Makes sure that a port can be listened on. A taken one gets half a second to become free, which a
 * process that was killed a moment ago may need.
 */
export async function assertAvailable({
  name,
  host,
  port,
}: Address & { readonly name: string }): Promise<void> {
  const deadline = Date.now() + 500;
  for (;;) {
    const code = await tryToListen(host, port);
    if (code === undefined) return;
    if (code === 'EADDRINUSE' && Date.now() < deadline) {
      await delay(25);
      continue;
    }
    throw new PortUnavailable(explain(code, host, port), name);
  }
}

/** The port that workerd says it could not listen on, if that is why it did not start. */
export function takenPort(
  said: string,
  sockets: readonly (Address & { readonly name: string })[],
): PortUnavailable | undefined {
  const [, name] =
    /Socket "([^"]+)": bind\(\): .*\(os error (?:48|98|10013|10048)\)/.exec(said) ?? [];
  const socket = sockets.find((one) => one.name === name);
  return (
    socket && new PortUnavailable(explain('EADDRINUSE', socket.host, socket.port), socket.name)
  );
}

/** A port that nobody listens on. */
export function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host === '*' ? '::' : host, () => server.close(() => resolve(undefined)));
  });
}

function explain(code: string, host: string, port: number): string {
  if (code === 'EADDRINUSE') return `Port ${port} on ${host} is taken by another program.`;
  if (code === 'EACCES') return `Port ${port} needs more rights than yours.`;
  return `Cannot listen on ${host} (${code}): it is no address of this machine.`;
}
