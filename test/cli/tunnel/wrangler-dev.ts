/**
 * Kedge in `wrangler dev`, as somebody runs it who is about to deploy it: by wrangler.toml, but for
 * the Kafka port, since several may run at a time. It ends with `stop`, whatever becomes of it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

export interface WranglerDev {
  /** Without a slash at the end. */
  readonly url: string;
  output(): string;
  stop(): Promise<void>;
}

/** Starts Kedge with these variables. Rejects with its output when it does not get ready. */
export async function startWranglerDev(
  variables: Readonly<Record<string, string>>,
): Promise<WranglerDev> {
  const directory = mkdtempSync(join(tmpdir(), 'kedge-wrangler-'));
  // The others in its group may end, and write, a moment later.
  const remove = () =>
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  const config = join(directory, 'wrangler.toml');
  writeFileSync(config, withoutKafkaPort(readFileSync(join(root, 'wrangler.toml'), 'utf8')));
  const given = Object.entries(variables).flatMap(([name, value]) => ['--var', `${name}:${value}`]);
  try {
    const started = await runWranglerDev(directory, ['--config', config, ...given]);
    return { ...started, stop: () => started.stop().finally(remove) };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Runs `wrangler dev` in a directory, with these options, on a free port. Rejects as above. */
export async function runWranglerDev(
  directory: string,
  options: readonly string[],
): Promise<WranglerDev> {
  const child = spawn(
    join(root, 'node_modules/.bin/wrangler'),
    [
      ...['dev', ...options, '--ip', '127.0.0.1', '--port', '0'],
      ...['--inspector-port', '0', '--persist-to', join(directory, 'state')],
      '--show-interactive-dev-session=false',
    ],
    {
      cwd: directory,
      // Its own group: wrangler leaves workerd to itself when it is killed.
      detached: true,
      env: {
        ...{ ...process.env, CI: 'true', WRANGLER_SEND_METRICS: 'false', NODE_OPTIONS: '' },
        // Workers that somebody runs on this machine are not to be bound to this one.
        WRANGLER_REGISTRY_PATH: join(directory, 'registry'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const killGroup = () => kill(child);
  process.once('exit', killGroup);
  let output = '';
  const stop = async () => {
    process.off('exit', killGroup);
    const ended = child.exitCode === null && child.signalCode === null && once(child, 'exit');
    kill(child);
    await ended;
  };
  const ready = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        const [, url] = /Ready on (http:\/\/\S+:\d+)\s/.exec(output) ?? [];
        if (url !== undefined) resolve(url);
      });
    }
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`wrangler dev ended with ${code}:\n${output}`)));
  });
  try {
    return { url: await ready, output: () => output, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function withoutKafkaPort(toml: string): string {
  const sections = toml.split(/^(?=\[)/m).filter((section) => !section.startsWith('[[connect]]'));
  return sections
    .join('')
    .replace(/^(main|directory) = "(.*)"$/gm, (_, key, path) => `${key} = "${join(root, path)}"`);
}

function kill({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}
