/**
 * What the Worker has to know of its Kafka ports, so that a client of each is told the address that
 * belongs to it. The surprise: it knows them by their numbers, so where there are several, a port
 * that may be any has to be chosen before workerd listens.
 */
import { isIP } from 'node:net';
import { advertisedFrom, listenerVariables } from '../runtime/listeners.ts';
import { isEveryAddress, type LocalOptions } from './local-options.ts';
import { freePort } from './ports.ts';
import type { Socket } from './workerd-config.ts';

/**
 * The same sockets, none of which may be at any port where the Worker has to tell them apart, or
 * where a name may lead to several addresses, each of which would be given another.
 */
export async function numbered(sockets: readonly Socket[]): Promise<Socket[]> {
  const areSeveral = sockets.filter(({ kind }) => kind === 'tcp').length > 1;
  const isToChoose = ({ kind, host, port }: Socket): boolean =>
    port === 0 && ((areSeveral && kind === 'tcp') || !(isIP(host) || isEveryAddress(host)));
  return Promise.all(
    sockets.map(async (socket) =>
      isToChoose(socket) ? { ...socket, port: await freePort(socket.host) } : socket,
    ),
  );
}

/** The variables that tell the Worker, where there is anything to tell. */
export function advertisedVariables(
  { listeners = [], variables }: LocalOptions,
  sockets: readonly Socket[],
): Record<string, string> {
  if (listeners.length === 0) return {};
  const [main] = advertisedFrom(variables);
  const told = [main, ...listeners.map(({ advertise }) => advertise)];
  const ports = sockets.filter(({ kind }) => kind === 'tcp').map(({ port }) => port);
  return listenerVariables(ports.map((port, index) => ({ port, advertised: told[index] ?? null })));
}
