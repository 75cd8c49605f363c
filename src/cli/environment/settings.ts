/**
 * What a Kedge on this machine is told by its environment, beside its command line: settings, where
 * clients connect, who may come in. The surprise: on this machine alone everybody may come in until
 * something says who; where other machines come in too, something has to say so.
 */
import { isEveryAddress, isLoopback, type Listener } from '../../local/local-options.ts';
import {
  accessConfigFrom,
  accessVariables,
  isConfigured,
  kedgeVariables,
} from '../../runtime/access-config.ts';
import { brokerConfigFrom, brokerVariables, parseListener } from '../../runtime/config.ts';
import { type Address, addressText } from '../../runtime/listeners.ts';
import { originRulesFrom, originVariables } from '../../runtime/origin-rules.ts';
import { pushVariables } from '../../runtime/push/push-config.ts';
import { streamMaxAgeMsFrom, streamVariables } from '../../runtime/stream-config.ts';
import type { TopicToCreate } from './create-topics.ts';
import { type ImageSettings, imageSettings } from './images.ts';

/** The variables that mean something to the Worker. */
export const workerVariables: readonly string[] = [
  ...kedgeVariables,
  ...originVariables,
  ...streamVariables,
  ...pushVariables,
  ...brokerVariables,
  ...accessVariables,
  'KEDGE_CALLS_PER_CONNECTION',
  'KEDGE_REQUESTS_PER_CONNECTION',
];

/** What the command line says, which counts before the environment. */
export interface Said {
  readonly host?: string | undefined;
  readonly kafkaPort?: number | undefined;
  /** `host:port` */
  readonly advertise?: string | undefined;
}

export interface Settings {
  readonly host: string;
  readonly kafkaPort: number;
  readonly listeners: readonly Listener[];
  readonly variables: Readonly<Record<string, string>>;
  readonly dataDir: string | undefined;
  readonly topics: readonly TopicToCreate[];
  readonly remarks: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws a plain Error for the person who started it. `hostname`: what this machine is called. */
export function settingsFrom(environment: Environment, said: Said, hostname: string): Settings {
  const image = imageSettings(environment, hostname);
  const [main, ...others] = image.listeners;
  const host = said.host ?? main?.host ?? '127.0.0.1';
  const told = addressToTell(said.advertise, main?.advertise, image);
  const listeners = others.map((one) => ({
    host: said.host ?? one.host ?? host,
    port: one.port,
    ...(one.advertise && { advertise: one.advertise }),
  }));
  const hosts = [host, ...listeners.map((one) => one.host)];
  const variables = forTheWorker(image.variables, told, hosts.every(isLoopback));
  const stranger = hosts.find((one) => !isLoopback(one));
  if (stranger !== undefined && !isConfigured(accessConfigFrom(variables))) {
    throw new Error(
      `${source(said, image)} ${stranger} lets other machines in, and nothing says who may come. ` +
        'Set the variable KEDGE_TOKEN to a secret of yours, or KEDGE_OPEN to true to let ' +
        'everybody in',
    );
  }
  const untold = [told, ...listeners.map(({ advertise }) => advertise)].findIndex(
    (address, index) => address === undefined && isEveryAddress(hosts[index]),
  );
  if (untold >= 0) {
    const how =
      untold === 0 ? 'add --advertise host:port' : 'name it in KAFKA_ADVERTISED_LISTENERS';
    throw new Error(
      `${source(said, image)} ${hosts[untold]} is every address of this machine, and Kafka ` +
        `clients have to be told one they can reach: ${how}`,
    );
  }
  const remarks = [...image.remarks, ...aboutCredentials(image, variables)];
  const kafkaPort = said.kafkaPort ?? main?.port ?? 9092;
  const { dataDir, topics } = image;
  return { host, kafkaPort, listeners, variables, dataDir, topics, remarks };
}

/** Where an address to listen on comes from. */
function source(said: Said, { variables }: ImageSettings): string {
  return said.host === undefined && variables.KAFKA_LISTENERS ? 'KAFKA_LISTENERS:' : '--host';
}

/** What clients of the first port are told. */
function addressToTell(
  option: string | undefined,
  ofListener: Address | undefined,
  { variables, listeners }: ImageSettings,
): Address | undefined {
  if (option !== undefined) return parseListener('--advertise', option);
  const name = 'KAFKA_ADVERTISED_LISTENERS';
  // Without a name it says what clients are told, and nothing of a port to listen on.
  if (listeners.length === 0 && variables[name]) return parseListener(name, variables[name]);
  return ofListener;
}

function forTheWorker(
  environment: Readonly<Record<string, string>>,
  told: Address | undefined,
  isPrivate: boolean,
): Record<string, string> {
  // Kafka's own server.properties for a single machine does not make a first group wait either.
  const variables: Record<string, string> = { KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0' };
  for (const name of workerVariables) if (environment[name]) variables[name] = environment[name];
  // Which address belongs to which port is said once the ports are known.
  delete variables.KAFKA_LISTENERS;
  delete variables.KAFKA_ADVERTISED_LISTENERS;
  if (told) variables.KAFKA_ADVERTISED_LISTENERS = addressText(told);
  brokerConfigFrom(variables);
  originRulesFrom(variables);
  streamMaxAgeMsFrom(variables);
  const isOpen = isPrivate && !isConfigured(accessConfigFrom(variables));
  variables.KEDGE_OPEN ??= String(isOpen);
  return variables;
}

/** In Kafka each listener says whether clients show who they are; here it is one for all. */
function aboutCredentials(
  { listeners }: ImageSettings,
  variables: Readonly<Record<string, string>>,
): string[] {
  const asking = listeners.filter(({ asksWho }) => asksWho);
  if (asking.length === 0) return [];
  if (accessConfigFrom(variables).open) {
    throw new Error(
      `The listener at port ${asking[0].port} is SASL_PLAINTEXT, and nothing says who may come: ` +
        'set the variable KEDGE_TOKEN, the password of the user admin, or make it PLAINTEXT ' +
        '(KAFKA_LISTENER_SECURITY_PROTOCOL_MAP)',
    );
  }
  return asking.length === listeners.length
    ? []
    : ['Every listener asks clients who they are, the PLAINTEXT ones too.'];
}
