/**
 * Runs Kedge on this machine, until Ctrl-C. Started by another program over an IPC channel it also
 * says there where it listens, and ends when that program does.
 */
import { relative } from 'node:path';
import { DirectoryUnavailable } from '../../local/data-directory.ts';
import { type LocalKedge, startLocalKedge } from '../../local/local-kedge.ts';
import {
  dialledHost,
  isEveryAddress,
  isLoopback,
  type LocalOptions,
} from '../../local/local-options.ts';
import { PortUnavailable } from '../../local/ports.ts';
import { whenNpmIsGone } from '../../local/processes.ts';
import { addressText } from '../../runtime/listeners.ts';
import { createTopics } from '../environment/create-topics.ts';
import type { Output } from '../output.ts';
import { unknownSettings } from '../unknown-settings.ts';
import { ownDirectory, type StartOptions } from './options.ts';

/** How often workerd may end by itself within a minute before we give up. */
const restartsPerMinute = 5;

type Environment = Readonly<Record<string, string | undefined>>;

/** Settles only when it could not be started; the end of it is the end of the process. */
export async function runDev(
  options: StartOptions,
  environment: Environment,
  output: Output,
): Promise<number> {
  for (const line of [...options.remarks, ...unknownSettings(environment)]) {
    output.say(`kedge: ${line}`);
  }
  const running = new Running(options, output);
  running.endWithOthers();
  try {
    await running.start();
    announce(options, running.kedge!, environment, output);
    return await new Promise<never>(() => {});
  } catch (error) {
    return running.end(1, explain(error));
  }
}

class Running {
  kedge: LocalKedge | undefined;
  readonly #options: StartOptions;
  readonly #output: Output;
  readonly #restarts: number[] = [];
  #starting: Promise<LocalKedge> | undefined;
  #isEnding = false;

  constructor(options: StartOptions, output: Output) {
    this.#options = options;
    this.#output = output;
  }

  /** Settles when all is there that it is to begin with. */
  async start(): Promise<void> {
    const options = this.#options;
    const { stdout, stderr } = this.#output;
    this.#starting = startLocalKedge(options, {
      onLine(level, message) {
        const stream = level === 'error' || level === 'warn' ? stderr : stdout;
        stream.write(`${message}\n`);
      },
      onRestart: () => this.#wasRestarted(),
      onFailure: (error) => void this.end(1, error.message),
    });
    this.kedge = await this.#starting;
    const token = options.variables.KEDGE_TOKEN;
    const url = urlOf(options, this.kedge);
    if (options.restore !== undefined) await this.kedge.restore(options.restore);
    await createTopics(options.topics, url, token);
    if (options.seeds.length === 0) return;
    const { sowFiles } = await import('./seed.ts');
    await sowFiles(options.seeds, url, token);
  }

  #wasRestarted(): void {
    const now = Date.now();
    const restarts = this.#restarts;
    while (restarts.length > 0 && restarts[0] < now - 60_000) restarts.shift();
    if (restarts.push(now) > restartsPerMinute) {
      void this.end(1, `workerd ended ${restarts.length} times within a minute; giving up.`);
      return;
    }
    this.#output.say(
      'kedge: workerd ended unexpectedly and was started again; what was acknowledged is safe.',
    );
  }

  /** Stops everything and ends the process. Through npm, Ctrl-C arrives twice: once is enough. */
  async end(code: number, reason?: string): Promise<never> {
    if (reason !== undefined) this.#output.say(`kedge: ${reason}`);
    if (this.#isEnding) return new Promise<never>(() => {});
    this.#isEnding = true;
    const wrong = code === 0 ? await this.#takeSnapshot() : undefined;
    if (wrong !== undefined) this.#output.say(`kedge: --snapshot: ${wrong}`);
    const leave = (): never => process.exit(wrong === undefined ? code : 1);
    // Whatever may hold workerd up, a person at a keyboard waits no longer than this.
    setTimeout(leave, 800);
    await this.#starting?.then((kedge) => kedge.stop()).catch(() => {});
    return leave();
  }

  /** What went wrong with it. */
  async #takeSnapshot(): Promise<string | undefined> {
    const { snapshot } = this.#options;
    if (snapshot === undefined || this.kedge === undefined) return undefined;
    try {
      await this.kedge.snapshot(snapshot);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** At a signal, with the program that started us over IPC, and with an npm that was killed. */
  endWithOthers(): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => void this.end(0));
    }
    process.on('disconnect', () => void this.end(0));
    process.channel?.unref();
    whenNpmIsGone(() => void this.end(0));
  }
}

/** Where HTTP is served, for somebody on this machine. */
function urlOf({ host }: LocalOptions, { httpPort }: LocalKedge): string {
  return `http://${addressText({ host: dialledHost(host), port: httpPort })}`;
}

function announce(
  options: StartOptions,
  kedge: LocalKedge,
  environment: Environment,
  output: Output,
): void {
  const { kafkaPort, httpPort } = kedge;
  const everywhere = isEveryAddress(options.host);
  const host = dialledHost(options.host);
  const at = (port: number) => addressText({ host, port });
  const url = urlOf(options, kedge);
  process.send?.({ kafkaPort, httpPort, host, bootstrapServers: at(kafkaPort), url });
  const advertised = options.variables.KAFKA_ADVERTISED_LISTENERS;
  const notes = [
    ...(everywhere ? ['and on every other address of this machine'] : []),
    ...(advertised ? [`clients are sent to ${advertised}`] : []),
  ];
  const others = (options.listeners ?? [])
    .map(({ advertise }, index) => {
      const to = advertise ? `   (clients are sent to ${addressText(advertise)})` : '';
      return `\n            ${at(kedge.listeners[index].port)}${to}`;
    })
    .join('');
  const credentials = isOpen(options) ? '' : ' -H "Authorization: Bearer $KEDGE_TOKEN"';
  output.line(`
  Kedge is ready.

    Kafka   ${at(kafkaPort)}${notes.length > 0 ? `   (${notes.join('; ')})` : ''}${others}
    HTTP    ${url}${prefixes(kedge, at)}${controls(options, url)}
    Data    ${options.dataDir ? nearby(options.dataDir, environment) : 'nothing is kept'}
    Access  ${access(options)}

  Two commands to try, in another terminal:

    curl ${url}/rest/topics/orders -H 'Content-Type: application/vnd.kafka.json.v2+json' \\
      -d '{"records": [{"key": 4, "value": {"item": "tea"}}]}'${credentials}
    curl '${url}/rest/topics/orders/partitions/0/records?offset=0' \\
      -H 'Accept: application/vnd.kafka.json.v2+json'${credentials}

  Ctrl-C stops it.
`);
}

/** The further ports for HTTP. */
function prefixes({ prefixPorts }: LocalKedge, at: (port: number) => string): string {
  const { registry, rest, connect } = prefixPorts;
  const line = (name: string, port: number | undefined) =>
    port === undefined ? '' : `\n            http://${at(port)}   (${name})`;
  return (
    line('Schema Registry', registry) + line('REST Proxy', rest) + line('Kafka Connect', connect)
  );
}

function controls({ testControls }: StartOptions, url: string): string {
  if (testControls === undefined) return '';
  const who = testControls === 'open' ? '' : '   (with its secret)';
  return `\n    Tests   ${url}/test${who}`;
}

function isOpen({ variables }: LocalOptions): boolean {
  return variables.KEDGE_OPEN.toLowerCase() === 'true';
}

/** Who may come in. */
function access(options: LocalOptions): string {
  const { host, variables } = options;
  if (!isOpen(options)) {
    return variables.KEDGE_TOKEN
      ? 'only with credentials: the user admin has the password KEDGE_TOKEN'
      : 'only with credentials; there is no KEDGE_TOKEN';
  }
  const who = isLoopback(host) ? 'anybody on this machine' : 'anybody who reaches this host';
  return `open: ${who} may come in`;
}

/** A path as the person who started us would write it. */
function nearby(path: string, environment: Environment): string {
  const fromHere = relative(ownDirectory(environment), path);
  return fromHere.startsWith('..') ? path : fromHere || path;
}

/** Why there is no Kedge, with the option that changes it. */
function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof DirectoryUnavailable) return `--data-dir: ${message}`;
  if (!(error instanceof PortUnavailable)) return `could not start: ${message}`;
  const option = error.socket.startsWith('kafka-') ? 'KAFKA_LISTENERS' : `--${error.socket}-port`;
  return /taken/.test(message)
    ? `${message} Stop that one, or choose another port with ${option} (0: any free one).`
    : `${option}: ${message}`;
}
