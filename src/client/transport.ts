/**
 * How Kafka's frames get to Kedge: by a service binding, by HTTP, by WebSocket. The surprise: above
 * this nothing knows which, since all three carry the same bytes; only what can be lost on the way
 * differs.
 */
import { bindingTransport, type KedgeBinding } from './binding.ts';
import type { Credentials, Transport } from './channel.ts';
import { httpTransport } from './http.ts';
import { webSocketTransport } from './websocket.ts';

/**
 * Where Kedge is: a service binding to its entrypoint `Kedge`, an address (`https://…` or
 * `wss://…`), or a transport of one's own.
 */
export type Connection = KedgeBinding | string | URL | Transport;

export function transportTo(connection: Connection, credentials: Credentials): Transport {
  if (typeof connection === 'string' || connection instanceof URL) {
    return byAddress(urlOf(connection), credentials);
  }
  return isTransport(connection) ? connection : bindingTransport(connection);
}

function isTransport(connection: Transport | KedgeBinding): connection is Transport {
  // Ask a binding, and it has a property of any name; but none is its own.
  return Object.hasOwn(connection, 'address');
}

function urlOf(address: string | URL): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url !== undefined && /^(?:http|ws)s?:$/.test(url.protocol)) return url;
  throw new TypeError(`Kedge is at an https: or wss: address; '${address}' is none.`);
}

function byAddress(url: URL, credentials: Credentials): Transport {
  if (!url.pathname.endsWith('/kafka')) url.pathname = `${url.pathname.replace(/\/$/, '')}/kafka`;
  if (url.protocol.startsWith('http')) return httpTransport(url, credentials);
  return webSocketTransport(url, credentials);
}
