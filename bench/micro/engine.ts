/**
 * workerd with nothing in it but the Worker that measures, or two of these: one of our sources, one
 * of those in another folder, so that what a change brings can be measured in one run.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { build, type Plugin, stop } from 'esbuild';
import { capnpText, Embedded } from '../../src/local/capnp-text.ts';
import { readWorkerConfig } from '../../src/local/worker-config.ts';
import { workerBundle } from '../../src/local/worker-script.ts';
import { startWorkerd } from '../../src/local/workerd-process.ts';

/** One Worker, with the code of one folder. */
export interface Engine {
  list(): Promise<readonly { readonly name: string; readonly baseline: string }[]>;
  /** Milliseconds that so many times took, and bytes of one. */
  time(name: string, side: 'run' | 'baseline', times: number): Promise<Timed>;
}

export interface Timed {
  readonly ms: number;
  readonly bytes?: number;
}

export interface Engines extends AsyncDisposable {
  readonly here: Engine;
  /** Of the other folder, if one was named. */
  readonly there: Engine | undefined;
}

const root = join(import.meta.dirname, '../..');
const pings = 30;

/** @param other a folder with another `src` of Kedge */
export async function startEngines(other: string | undefined): Promise<Engines> {
  const folder = mkdtempSync(join(tmpdir(), 'kedge-micro-'));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
  process.once('exit', remove);
  const names = other === undefined ? ['here'] : ['here', 'there'];
  const scripts = await Promise.all(names.map((name) => script(name === 'there' && other)));
  void stop();
  for (const [i, name] of names.entries()) writeFileSync(join(folder, `${name}.js`), scripts[i]);
  const configFile = join(folder, 'micro.capnp');
  writeFileSync(configFile, config(names));
  const workerd = await startWorkerd({
    configFile,
    pidFile: join(folder, 'workerd.pid'),
    sockets: names,
    onLine: (level, message) => level === 'error' && console.error(`micro: ${message}`),
  });
  const engines = await Promise.all(names.map((name) => engineAt(workerd.ports.get(name)!)));
  return {
    here: engines[0],
    there: engines[1],
    async [Symbol.asyncDispose]() {
      await workerd.stop();
      process.off('exit', remove);
      remove();
    },
  };
}

async function engineAt(port: number): Promise<Engine> {
  const ask = async (query: Readonly<Record<string, string>>) => {
    const before = performance.now();
    const response = await fetch(`http://127.0.0.1:${port}/?${new URLSearchParams(query)}`);
    const text = await response.text();
    const ms = performance.now() - before;
    if (!response.ok) throw new Error(`the Worker answered ${response.status}: ${text}`);
    return { ms, answer: JSON.parse(text) };
  };
  const list: Engine['list'] = async () => (await ask({})).answer;
  const [{ name: first }] = await list();
  const asked: number[] = [];
  for (let i = 0; i < pings; i++) asked.push((await ask({ case: first, times: '0' })).ms);
  const asking = asked.sort((a, b) => a - b)[pings / 2];
  return {
    list,
    async time(name, side, times) {
      const { ms, answer } = await ask({ case: name, side, times: String(times) });
      // What it takes to ask is not what is measured.
      return { ms: Math.max(ms - asking, 0.001), bytes: answer.bytes };
    },
  };
}

async function script(other: string | false | undefined): Promise<string> {
  const { outputFiles } = await build({
    ...workerBundle,
    entryPoints: [join(import.meta.dirname, 'worker.ts')],
    write: false,
    ...(other && { plugins: [sourcesOf(resolve(other))] }),
  });
  return outputFiles[0].text;
}

/** Has what we import of `src` taken from another folder. */
function sourcesOf(other: string): Plugin {
  return {
    name: 'sources',
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const file = relative(root, resolve(resolveDir, path));
        return file.startsWith('src/') ? { path: join(other, file) } : undefined;
      });
    },
  };
}

function config(names: readonly string[]): string {
  const { compatibilityDate, compatibilityFlags } = readWorkerConfig(join(root, 'wrangler.toml'));
  const text = capnpText({
    services: names.map((name) => {
      const modules = [{ name: 'worker.js', esModule: new Embedded(`${name}.js`) }];
      return { name, worker: { modules, compatibilityDate, compatibilityFlags } };
    }),
    sockets: names.map((name) => ({ name, address: '127.0.0.1:0', http: {}, service: name })),
    logging: { structuredLogging: true },
  });
  return `using Workerd = import "/workerd/workerd.capnp";\n
const config :Workerd.Config = ${text};\n`;
}
