/**
 * Kafka's `listeners` and `advertised.listeners`: where clients come in, by name, and what they are
 * told there. The surprise: a socket has a port and no name, so it is by the port that a client
 * dialled that Kedge knows which of several addresses that client can reach.
 */

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** One of a list. `name`: in capitals, as in Kafka; empty for a bare `host:port`. */
export interface NamedListener extends Address {
  readonly name: string;
}

/** A port that clients dial, and what they are told there; null: what they dialled. */
export interface PortListener {
  readonly port: number;
  readonly advertised: Address | null;
}

/** The name by which everybody calls a listener that is not for clients. */
const usualController = 'CONTROLLER';

/** `PLAINTEXT://host:9092` (the first of a list) or `host:9092`; IPv6 hosts in brackets. */
export function parseListener(variable: string, value: string): Address {
  const [first] = parseListeners(variable, value.split(',')[0]);
  if (first === undefined || !isDialable(first)) throw notOne(variable, value);
  return { host: first.host, port: first.port };
}

/** Those that clients are told of: each has a host and a port. */
export function parseAdvertised(variable: string, value: string): NamedListener[] {
  const listeners = parseListeners(variable, value);
  if (!listeners.every(isDialable)) throw notOne(variable, value);
  return listeners;
}

const isDialable = ({ host, port }: Address): boolean => host !== '' && port > 0;

/**
 * `PLAINTEXT://:9092,EXTERNAL://kafka:29092`. An empty host is every address of the machine, and
 * port 0 any free one. Throws a plain Error that names the variable.
 */
export function parseListeners(variable: string, value: string): NamedListener[] {
  const items = value.split(',').map((item) => item.trim());
  const listeners = items.filter((item) => item !== '').map((item) => parseOne(variable, item));
  if (new Set(listeners.map(({ name }) => name)).size < listeners.length) {
    throw new Error(`${variable} must give each listener another name, not ${value}`);
  }
  return listeners;
}

function parseOne(variable: string, item: string): NamedListener {
  const [, name = '', place] = /^(?:([\w.-]+):\/\/)?(.*)$/.exec(item)!;
  const [, host = '', digits] = /^(\[[^\]]+\]|[^:[\]/\s{}]*):(\d+)$/.exec(place) ?? [];
  const isWhole = Number(digits) <= 65_535 && (name !== '' || host !== '');
  if (!isWhole) throw notOne(variable, item);
  return { name: name.toUpperCase(), host: host.replace(/^\[|\]$/g, ''), port: Number(digits) };
}

function notOne(variable: string, value: string): Error {
  const example = 'host:port, for example localhost:9092';
  return new Error(`${variable} must be ${example}, not ${value}`);
}

/** Those that clients use: controllers talk to each other by the rest, and here are none. */
export function forClients<T extends NamedListener>(
  listeners: readonly T[],
  controllerNames = '',
): T[] {
  const names = controllerNames.split(',').map((name) => name.trim().toUpperCase());
  return listeners.filter(({ name }) => name === '' || ![usualController, ...names].includes(name));
}

/** What the variables of a Worker say of its ports. Throws as parseListeners does. */
export function portListenersFrom(
  variables: Readonly<Record<string, unknown>>,
): readonly PortListener[] {
  const text = (variable: string) => String(variables[variable] ?? '');
  const advertised = advertisedFrom(variables);
  const listeners = parseListeners('KAFKA_LISTENERS', text('KAFKA_LISTENERS'));
  return forClients(listeners, text('KAFKA_CONTROLLER_LISTENER_NAMES')).map(({ name, port }) => {
    const said = advertised.find((one) => one.name === name || one.name === '');
    return { port, advertised: said ? { host: said.host, port: said.port } : null };
  });
}

/** What the variables of a Worker say that clients are told, wherever they dialled. */
export function advertisedFrom(variables: Readonly<Record<string, unknown>>): NamedListener[] {
  const name = 'KAFKA_ADVERTISED_LISTENERS';
  const controllers = String(variables.KAFKA_CONTROLLER_LISTENER_NAMES ?? '');
  return forClients(parseAdvertised(name, String(variables[name] ?? '')), controllers);
}

/** `localhost:9092` or `[::1]:9092`. */
export function addressText({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The variables by which a Worker knows what to tell clients on each of its ports. */
export function listenerVariables(listeners: readonly PortListener[]): Record<string, string> {
  const text = (items: readonly string[]) => items.join(',');
  const advertised = listeners.flatMap(({ port, advertised: to }) =>
    to ? [`L${port}://${addressText(to)}`] : [],
  );
  return {
    KAFKA_LISTENERS: text(listeners.map(({ port }) => `L${port}://:${port}`)),
    KAFKA_ADVERTISED_LISTENERS: text(advertised),
  };
}
