/** Where a Kedge listens: the ports it was told, by name, each with what is behind it. */
import type { Listener, LocalOptions, PrefixPorts } from './local-options.ts';
import { prefixProps } from './prefix-worker.ts';
import type { Socket } from './workerd-config.ts';

const prefixNames = [
  'registry',
  'rest',
  'connect',
] as const satisfies readonly (keyof PrefixPorts)[];

/** The sockets that options ask for: `kafka`, `http`, `kafka-0` …, `registry` and its like. */
export function socketsOf(options: LocalOptions): Socket[] {
  const { host, kafkaPort, httpPort, listeners = [], prefixPorts = {} } = options;
  return [
    { name: 'kafka', kind: 'tcp', host, port: kafkaPort },
    { name: 'http', kind: 'http', host, port: httpPort },
    ...listeners.map(
      (listener, index): Socket => ({
        name: `kafka-${index}`,
        kind: 'tcp',
        host: listener.host,
        port: listener.port,
      }),
    ),
    ...prefixNames.flatMap((name): Socket[] => {
      const port = prefixPorts[name];
      return port === undefined
        ? []
        : [{ name, kind: 'http', host, port, prefix: prefixProps[name] }];
    }),
  ];
}

/** The further listeners, at the ports they have become. */
export function listenersAt(
  { listeners = [] }: LocalOptions,
  ports: ReadonlyMap<string, number>,
): Listener[] {
  return listeners.map((listener, index) => ({ ...listener, port: ports.get(`kafka-${index}`)! }));
}

/** The ports for other programs' clients, as they have become. */
export function prefixPortsAt(ports: ReadonlyMap<string, number>): PrefixPorts {
  return Object.fromEntries(
    prefixNames.flatMap((name) => (ports.has(name) ? [[name, ports.get(name)]] : [])),
  );
}
