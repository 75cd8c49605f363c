#!/usr/bin/env node
/**
 * `npm start`: Kedge on this machine, until Ctrl-C. Started by another program over an IPC channel
 * it also says there where it listens, and ends when that program does.
 */
import { relative } from 'node:path';
import { DirectoryUnavailable } from '../local/data-directory.ts';
import { type LocalKedge, startLocalKedge } from '../local/local-kedge.ts';
import { isEveryAddress, isLoopback, type LocalOptions } from '../local/local-options.ts';
import { PortUnavailable } from '../local/ports.ts';
import { whenNpmIsGone } from '../local/processes.ts';
import { addressText } from '../runtime/listeners.ts';
import { createTopics } from './environment/create-topics.ts';
import { help, ownDirectory, parseStartOptions, UsageError } from './options.ts';
import { unknownSettings } from './unknown-settings.ts';

/** How often workerd may end by itself within a minute before we give up. */
const restartsPerMinute = 5;

let starting: Promise<LocalKedge> | undefined;
let ending = false;

async function main(): Promise<void> {
  const options = parseStartOptions(process.argv.slice(2), process.env);
  if (options === 'help') {
    process.stdout.write(help);
    return;
  }
  for (const line of [...options.remarks, ...unknownSettings(process.env)]) {
    console.error(`kedge: ${line}`);
  }
  endWithOurParent();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => void end(0));
  }
  const restarts: number[] = [];
  starting = startLocalKedge(options, {
    onLine(level, message) {
      const stream = level === 'error' || level === 'warn' ? process.stderr : process.stdout;
      stream.write(`${message}\n`);
    },
    onRestart() {
      const now = Date.now();
      while (restarts.length > 0 && restarts[0] < now - 60_000) restarts.shift();
      if (restarts.push(now) > restartsPerMinute) {
        void end(1, `workerd ended ${restarts.length} times within a minute; giving up.`);
      } else {
        console.error(
          'kedge: workerd ended unexpectedly and was started again; what was acknowledged is safe.',
        );
      }
    },
    onFailure: (error) => void end(1, error.message),
  });
  const kedge = await starting;
  await createTopics(options.topics, urlOf(options, kedge), options.variables.KEDGE_TOKEN);
  announce(options, kedge);
}

/** Where HTTP is served, for somebody on this machine. */
function urlOf({ host }: LocalOptions, { httpPort }: LocalKedge): string {
  const local = isEveryAddress(host) ? '127.0.0.1' : host;
  return `http://${local.includes(':') ? `[${local}]` : local}:${httpPort}`;
}

function announce(options: LocalOptions, kedge: LocalKedge): void {
  const { kafkaPort, httpPort } = kedge;
  const everywhere = isEveryAddress(options.host);
  const host = everywhere ? '127.0.0.1' : options.host;
  const dialled = host.includes(':') ? `[${host}]` : host;
  const url = urlOf(options, kedge);
  process.send?.({ kafkaPort, httpPort, host, bootstrapServers: `${dialled}:${kafkaPort}`, url });
  const advertised = options.variables.KAFKA_ADVERTISED_LISTENERS;
  const notes = [
    ...(everywhere ? ['and on every other address of this machine'] : []),
    ...(advertised ? [`clients are sent to ${advertised}`] : []),
  ];
  const others = (options.listeners ?? [])
    .map(({ advertise }, index) => {
      const to = advertise ? `   (clients are sent to ${addressText(advertise)})` : '';
      return `\n            ${dialled}:${kedge.listeners[index].port}${to}`;
    })
    .join('');
  const credentials = isOpen(options) ? '' : ' -H "Authorization: Bearer $KEDGE_TOKEN"';
  console.log(`
  Kedge is ready.

    Kafka   ${dialled}:${kafkaPort}${notes.length > 0 ? `   (${notes.join('; ')})` : ''}${others}
    HTTP    ${url}
    Data    ${options.dataDir ? nearby(options.dataDir) : 'nothing is kept'}
    Access  ${access(options)}

  Two commands to try, in another terminal:

    curl ${url}/rest/topics/orders -H 'Content-Type: application/vnd.kafka.json.v2+json' \\
      -d '{"records": [{"key": 4, "value": {"item": "tea"}}]}'${credentials}
    curl '${url}/rest/topics/orders/partitions/0/records?offset=0' \\
      -H 'Accept: application/vnd.kafka.json.v2+json'${credentials}

  Ctrl-C stops it.
`);
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
function nearby(path: string): string {
  const fromHere = relative(ownDirectory(process.env), path);
  return fromHere.startsWith('..') ? path : fromHere || path;
}

/** Stops everything and ends the process. Through npm, Ctrl-C arrives twice: once is enough. */
async function end(code: number, reason?: string): Promise<void> {
  if (reason !== undefined) console.error(`kedge: ${reason}`);
  if (ending) return;
  ending = true;
  const leave = (): never => process.exit(code);
  // Whatever may hold workerd up, a person at a keyboard waits no longer than this.
  setTimeout(leave, 800);
  await starting?.then((kedge) => kedge.stop()).catch(() => {});
  leave();
}

/** Kedge ends with the program that started it over IPC, and with an npm that was killed. */
function endWithOurParent(): void {
  process.on('disconnect', () => void end(0));
  process.channel?.unref();
  whenNpmIsGone(() => void end(0));
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

try {
  await main();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof UsageError) {
    console.error(`kedge: ${message}\nTry: npm start -- --help`);
    process.exit(2);
  }
  await end(1, explain(error));
}
