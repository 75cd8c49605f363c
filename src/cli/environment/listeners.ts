/**
 * Where Kafka's variables say that clients connect: `KAFKA_LISTENERS`, `KAFKA_ADVERTISED_LISTENERS`
 * and what belongs to them. The surprise: images of Kafka make the first of the second where it is
 * missing, so a compose file often has only addresses that clients are told, and means ports.
 */
import { isEveryAddress } from '../../local/local-options.ts';
import {
  type Address,
  forClients,
  type NamedListener,
  parseAdvertised,
  parseListeners,
} from '../../runtime/listeners.ts';

export interface ImageListener {
  /** Where to listen; undefined: nothing says so. */
  readonly host: string | undefined;
  readonly port: number;
  /** What clients are told; undefined: what they dialled. */
  readonly advertise: Address | undefined;
  /** Whether its clients are to say who they are. */
  readonly asksWho: boolean;
}

type Variables = Readonly<Record<string, string>>;

const everywhere = '0.0.0.0';

/**
 * None where nothing is said but what to tell clients. Throws a plain Error for what cannot be.
 * `hostname`: what this machine is called.
 */
export function listenersFrom(variables: Variables, hostname: string): readonly ImageListener[] {
  const { KAFKA_LISTENERS: own = '', KAFKA_ADVERTISED_LISTENERS: told = '' } = variables;
  const clients = (listeners: readonly NamedListener[]) =>
    forClients(listeners, variables.KAFKA_CONTROLLER_LISTENER_NAMES);
  const advertised = clients(parseListeners('KAFKA_ADVERTISED_LISTENERS', told));
  const listeners = own
    ? clients(parseListeners('KAFKA_LISTENERS', own)).map(({ host, ...one }) => ({
        ...one,
        host: host || everywhere,
        // Only where nothing was said of an address does Kafka make one up.
        isNamed: host !== '',
      }))
    : advertised
        .filter(({ name }) => name !== '')
        .map((one) => ({ ...one, host: undefined, isNamed: true }));
  return listeners.map(({ name, host, port, isNamed }) => {
    const asksWho = asksWhoComes(name, variables);
    const said = advertised.find((one) => one.name === name || one.name === '');
    const here = host === undefined || !isEveryAddress(host) ? host : hostname;
    if (said) return { host, port, asksWho, advertise: dialable(said, here) };
    const advertise = isNamed ? undefined : { host: hostname, port };
    return { host, port, asksWho, advertise };
  });
}

/** What to tell clients, of a listener without a host: this machine's name, as Kafka does. */
function dialable({ name, host, port }: NamedListener, here: string | undefined): Address {
  const address = { host: host || here || '', port };
  const text = `${name || 'PLAINTEXT'}://${host}:${port}`;
  if (isEveryAddress(address.host)) {
    throw new Error(
      `KAFKA_ADVERTISED_LISTENERS tells clients an address they cannot connect to: ${text}`,
    );
  }
  if (address.host === '' || port === 0) parseAdvertised('KAFKA_ADVERTISED_LISTENERS', text);
  return address;
}

/** By the listener's protocol, which is its name where nothing else is said. */
function asksWhoComes(name: string, variables: Variables): boolean {
  const map = variables.KAFKA_LISTENER_SECURITY_PROTOCOL_MAP ?? '';
  const pairs = map.split(',').map((pair) => pair.trim().toUpperCase().split(':'));
  const protocol = pairs.find(([key]) => key === name)?.[1] ?? name;
  if (protocol === 'SSL' || protocol === 'SASL_SSL') {
    const plain = protocol === 'SSL' ? 'PLAINTEXT' : 'SASL_PLAINTEXT';
    throw new Error(
      `The listener ${name} is ${protocol}, and Kedge speaks no TLS to Kafka clients on this ` +
        `machine: make it ${plain} (KAFKA_LISTENER_SECURITY_PROTOCOL_MAP), or leave it out`,
    );
  }
  return protocol === 'SASL_PLAINTEXT';
}
