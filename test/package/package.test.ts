/** What `npm install kedge` brings, and that each way into it works. */
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { endAll, portsIn, root, run } from '../cli/processes.ts';
import { createTopic, produceTo, readFrom, Wire } from '../kafka/wire.ts';
import { ownPackage, type Packed, type Project, pack } from './installed.ts';

let packed: Packed;
let shop: Project;
beforeAll(async () => {
  packed = await pack();
  shop = await packed.install();
}, 120_000);
afterAll(() => {
  endAll();
  packed?.remove();
});

type Target = string | Readonly<Record<'kedge:source' | 'types' | 'default', string>>;

/** Every file below a folder, by its path from there. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
}

const ofKedge = (name: string): string => join('node_modules/kedge', name);
const mib = (bytes: number): number => Math.round((bytes / 1024 / 1024) * 10) / 10;

/** Runs a module in the project; what it printed, as JSON. */
async function evaluate(project: Project, code: string, name = 'try.mjs') {
  project.write(name, code);
  return JSON.parse(await project.run(process.execPath, name));
}

describe('what is installed', () => {
  it('is one package and the runtime: three folders on one platform', async () => {
    const lock = JSON.parse(readFileSync(shop.file('node_modules/.package-lock.json'), 'utf8'));
    const names = Object.keys(lock.packages).map((path) => path.slice('node_modules/'.length));
    expect(names.sort()).toEqual([
      expect.stringMatching(/^@cloudflare\/workerd-/),
      'kedge',
      'workerd',
    ]);
    await shop.run('npm', 'ls', '--omit=dev', '--all');
  });

  it('is small beside that runtime', () => {
    const bytes = (folder: string): number => {
      const seen = new Set<number>();
      return filesIn(folder).reduce((sum, name) => {
        const { ino, size } = statSync(join(folder, name));
        // What workerd links into its own folder is on the disk once.
        if (ino !== 0 && seen.has(ino)) return sum;
        seen.add(ino);
        return sum + size;
      }, 0);
    };
    const own = bytes(shop.file('node_modules/kedge'));
    const all = bytes(shop.file('node_modules'));
    const tarball = statSync(packed.tarball).size;
    console.log(
      `kedge: tarball ${mib(tarball)} MiB, ${mib(own)} MiB of its own, ${mib(all)} MiB installed`,
    );
    expect(mib(tarball)).toBeLessThan(1.5);
    expect(mib(own)).toBeLessThan(6);
    expect(mib(all)).toBeLessThan(200);
  });

  it('has nothing of the workshop in it', () => {
    const files = filesIn(shop.file(ofKedge('')));
    expect(files.filter((name) => !/^(bin|dist)\//.test(name)).sort()).toEqual([
      'LICENSE',
      'README.md',
      'package.json',
    ]);
    expect(files.filter((name) => /\.map$|\.test\.|tsconfig/.test(name))).toEqual([]);
    const machine = new RegExp(`${root}|/(${['root', 'work', 'home', 'Users'].join('|')})/\\w`);
    const telling = files.filter((name) =>
      machine.test(readFileSync(shop.file(ofKedge(name)), 'utf8')),
    );
    expect(telling).toEqual([]);
  });

  it('names the licences of what is bundled, and depends on the runtime alone', () => {
    const notices = readFileSync(shop.file(ofKedge('dist/third-party-notices.md')), 'utf8');
    for (const name of ['hono', 'jose', 'snappyjs']) expect(notices).toContain(`\n${name} `);
    expect(notices.match(/Copyright/g)!.length).toBeGreaterThanOrEqual(3);
    const installed = JSON.parse(readFileSync(shop.file(ofKedge('package.json')), 'utf8'));
    expect(Object.keys(installed.dependencies)).toEqual(['workerd']);
    expect(installed.dependencies.workerd).toMatch(/^\d+\.\d+\.\d+$/);
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) {
      expect(installed.scripts).not.toHaveProperty(name);
    }
  });

  it('has every file that package.json names', () => {
    const targets = Object.values(ownPackage.exports as Record<string, Target>).flatMap((target) =>
      typeof target === 'string' ? [target] : [target.types, target.default],
    );
    const present = filesIn(shop.file(ofKedge(''))).map((name) => `./${name}`);
    expect(targets.filter((target) => !present.includes(target))).toEqual([]);
    expect(present).toContain(`./${ownPackage.bin.kedge}`);
  });
});

it('has one table of sources for Node.js and one for everything else, which agree', () => {
  const config = readFileSync(join(root, 'tsconfig.json'), 'utf8').replace(/^\s*\/\/.*$/gm, '');
  const { paths } = JSON.parse(config).compilerOptions as { paths: Record<string, string[]> };
  const exported = Object.entries(ownPackage.exports as Record<string, Target>).flatMap(
    ([path, target]) =>
      typeof target === 'string' ? [] : [[`kedge${path.slice(1)}`, [target['kedge:source']]]],
  );
  expect(paths).toEqual(Object.fromEntries(exported));
});

describe('modules', () => {
  it('are there for import and for require, each once', async () => {
    const names = await evaluate(
      shop,
      `import { createRequire } from 'node:module';
       import * as kedge from 'kedge';
       import * as client from 'kedge/client';
       import * as testing from 'kedge/testing';
       import * as node from 'kedge/testing/node';
       const required = createRequire(import.meta.url)('kedge/client');
       console.log(JSON.stringify({
         client: Object.keys(client).length,
         kedge: kedge.Producer === client.Producer,
         required: required.Producer === client.Producer,
         error: testing.KafkaError === client.KafkaError,
         testing: typeof testing.startKedge,
         node: typeof node.useKedge,
         version: createRequire(import.meta.url)('kedge/package.json').version,
       }));`,
    );
    expect(names).toEqual({
      client: expect.any(Number),
      kedge: true,
      required: true,
      error: true,
      testing: 'function',
      node: 'function',
      version: ownPackage.version,
    });
  });
});

describe('the client', () => {
  it.each([
    ['Producer', 24_000],
    ['Consumer', 27_000],
    ['Admin', 20_000],
    ['Admin, Consumer, Producer, bytes, json, text', 36_000],
  ])('of %s weighs in a browser what it does from source', async (names, most) => {
    const { outputFiles } = await build({
      stdin: { contents: `export { ${names} } from 'kedge/client';`, resolveDir: shop.path },
      ...{ bundle: true, minify: true, target: 'es2022' },
      format: 'esm',
      platform: 'browser',
      write: false,
    });
    expect(gzipSync(outputFiles[0].contents).length).toBeLessThan(most);
  });
});

const makesAndReads = `
  import { Consumer, json, Producer } from 'kedge/client';
  import { startKedge } from 'kedge/testing';
  await using kedge = await startKedge({ topics: ['orders'] });
  await using producer = new Producer(kedge.client, { value: json() });
  await producer.send('orders', { value: { item: 'tea' } });
  await using consumer = new Consumer(kedge.client, { value: json() });
  const { records } = await consumer.fetch({ topic: 'orders', partition: 0, offset: 'earliest' });
  await kedge.reset();
  const topics = await kedge.admin.listTopics();
  console.log(JSON.stringify({ read: records.map(({ value }) => value), topics }));`;

describe('kedge/testing', () => {
  it('starts a Kedge, where nothing may run when it is installed, too', async () => {
    const cautious = await packed.install('--ignore-scripts');
    for (const project of [shop, cautious]) {
      expect(await evaluate(project, makesAndReads)).toEqual({
        read: [{ item: 'tea' }],
        topics: ['orders'],
      });
    }
  });

  it('gives a Kedge to tests of node:test', async () => {
    shop.write(
      'orders.test.mjs',
      `import assert from 'node:assert/strict';
       import { test } from 'node:test';
       import { useKedge } from 'kedge/testing/node';
       const kedge = useKedge({ topics: ['orders'] });
       test('has a topic', async () => {
         assert.deepEqual(await kedge.admin.listTopics(), ['orders']);
       });`,
    );
    const said = await shop.run(process.execPath, '--test', 'orders.test.mjs');
    expect(said).toMatch(/pass 1\n/);
  });

  it('gives a Kedge to tests of vitest', async () => {
    symlinkSync(join(root, 'node_modules/vitest'), shop.file('node_modules/vitest'));
    shop.write(
      'orders.spec.mjs',
      `import { expect } from 'vitest';
       import { kedgeTest } from 'kedge/testing/vitest';
       kedgeTest({ topics: ['orders'] })('has a topic', async ({ kedge }) => {
         expect(await kedge.admin.listTopics()).toEqual(['orders']);
       });`,
    );
    const said = await shop.run(
      process.execPath,
      ...['node_modules/vitest/vitest.mjs', 'run', 'orders.spec.mjs', '--root', shop.path],
    );
    expect(said).toMatch(/1 passed/);
  });
});

const strict = { target: 'es2022', strict: true, noEmit: true, skipLibCheck: false };

describe('types', () => {
  const tsc = (project: string): Promise<string> =>
    shop.run(process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '-p', project);

  it.each([
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])('are understood in a project of module %s, resolved by %s', async (module, resolution) => {
    shop.write(
      `${resolution}/use.ts`,
      `import { Admin, Consumer, json, KafkaError, Producer, text } from 'kedge';
       import { Queue } from 'kedge/client';
       import { type Kedge, startKedge } from 'kedge/testing';
       import { useKedge } from 'kedge/testing/node';
       import worker, { type Partition } from 'kedge/worker';
       interface Order { readonly item: string }
       export async function order(kedge: Kedge): Promise<number> {
         await using producer = new Producer(kedge.client, { key: text, value: json<Order>() });
         const { offset } = await producer.send('orders', { key: '4', value: { item: 'tea' } });
         // @ts-expect-error: there is no such thing
         await producer.send('orders', { key: '4', value: { thing: 'tea' } });
         await using consumer = new Consumer(kedge.client, { value: json<Order>() });
         const where = { topic: 'orders', partition: 0, offset: 'earliest' } as const;
         for (const { value } of (await consumer.fetch(where)).records) {
           const item: string | undefined = value?.item;
           console.log(item);
         }
         await using admin = new Admin(kedge.client);
         await admin.createTopics([{ name: 'bills' }]);
         return offset;
       }
       export const kedge: Kedge = useKedge();
       export const start: () => Promise<Kedge> = () => startKedge({ topics: ['orders'] });
       export const known = (error: unknown): boolean => error instanceof KafkaError;
       export { Queue, worker, type Partition };`,
    );
    const compilerOptions = { ...strict, module, moduleResolution: resolution };
    const config = { compilerOptions: { ...compilerOptions, types: [] }, files: ['use.ts'] };
    // What a project without types of its own for the web has them from.
    Object.assign(config.compilerOptions, { lib: ['es2022', 'dom', 'dom.iterable'] });
    shop.write(`${resolution}/tsconfig.json`, JSON.stringify(config));
    expect(await tsc(resolution)).toBe('');
  });

  it('fit a Worker that is Kedge, and those beside it', async () => {
    symlinkSync(
      join(root, 'node_modules/@cloudflare/workers-types'),
      shop.file('node_modules/@cloudflare/workers-types'),
    );
    shop.write(
      'workers/kedge.ts',
      `import kedge from 'kedge/worker';
       export * from 'kedge/worker';
       export default kedge satisfies ExportedHandler;`,
    );
    shop.write(
      'workers/shop.ts',
      `import { Producer } from 'kedge/client';
       import { consumer } from 'kedge/push';
       import type * as main from './kedge.ts';
       interface Env {
         KEDGE: Service<typeof main.Kedge>;
         ORDERS: Service<typeof main.Queue>;
         PARTITION: DurableObjectNamespace<main.Partition>;
       }
       export const Orders = consumer<Env, { item: string }>({
         async consume(batch) {
           for (const { body } of batch.messages) console.log(body.item);
         },
       });
       export default {
         async fetch(_request, env) {
           await using producer = new Producer(env.KEDGE);
           const { metrics } = (await env.ORDERS.send({ item: 'tea' })).metadata;
           return Response.json(metrics.backlogCount);
         },
       } satisfies ExportedHandler<Env>;`,
    );
    const types = ['@cloudflare/workers-types'];
    const compilerOptions = { ...strict, module: 'esnext', moduleResolution: 'bundler', types };
    shop.write(
      'workers/tsconfig.json',
      JSON.stringify({
        compilerOptions: { ...compilerOptions, lib: ['es2024'], allowImportingTsExtensions: true },
        files: ['kedge.ts', 'shop.ts'],
      }),
    );
    expect(await tsc('workers')).toBe('');
  });
});

describe('the command line', () => {
  const launcher = join(root, 'bin/kedge.cjs');
  const freePorts = ['--kafka-port', '0', '--http-port', '0'];

  it('is there for npx', async () => {
    expect(await shop.run('npx', 'kedge', '--version')).toBe(`kedge ${ownPackage.version}\n`);
    const help = await shop.run('npx', 'kedge', '--help');
    for (const { name } of commands) expect(help).toMatch(new RegExp(`^ +${name} `, 'm'));
  });

  it('loads no more than a command needs', async () => {
    const env = { NODE_V8_COVERAGE: shop.file('coverage') };
    const file = shop.file(ofKedge('bin/kedge.cjs'));
    const program = run(process.execPath, [file, '--help'], { cwd: shop.path, env });
    expect(await program.ended).toBe(0);
    const [report] = filesIn(shop.file('coverage'));
    const { result } = JSON.parse(readFileSync(shop.file(`coverage/${report}`), 'utf8'));
    const loaded: string[] = result
      .map(({ url }: { url: string }) => url)
      .filter((url: string) => url.includes('/kedge/dist/'))
      .map((url: string) => fileURLToPath(url));
    expect(loaded).toContain(shop.file(ofKedge('dist/kedge.js')));
    const kib = loaded.reduce((sum, path) => sum + statSync(path).size, 0) / 1024;
    console.log(`kedge --help loads ${loaded.length} files, ${Math.round(kib)} KiB`);
    expect(kib).toBeLessThan(50);
  });

  it('runs a broker, and leaves nothing behind', async () => {
    mkdirSync(shop.file('tmp'));
    const program = run('npx', ['kedge', 'dev', '--memory', ...freePorts], {
      cwd: shop.path,
      env: { TMPDIR: shop.file('tmp') },
      detached: true,
    });
    await program.until('Ctrl-C stops it');
    const { kafkaPort } = portsIn(program.stdout());
    const wire = await Wire.open({ host: '127.0.0.1', kafkaPort });
    await createTopic(wire, 'orders');
    await produceTo(wire, 'orders', 'tea', 'cake');
    expect(await readFrom(wire, 'orders', 0)).toEqual(['tea', 'cake']);
    wire.socket.destroy();
    // As Ctrl-C does it: to all there is.
    process.kill(-program.child.pid!, 'SIGINT');
    await program.ended;
    const left = readdirSync(shop.file('tmp')).filter((name) => name !== 'node-compile-cache');
    expect(left).toEqual([]);
    expect(program.stderr()).not.toMatch(/kedge|Experimental/);
  });

  it('deploys the Worker from where it is installed', async () => {
    const said = await shop.run('npx', 'kedge', 'deploy', '--dry-run');
    expect(said).toContain('main = "node_modules/kedge/dist/worker.js"\n');
  });

  it.each(['8.17.0', '14.21.3', '20.19.5', '22.14.0'])(
    'says in Node.js %s which one it needs',
    async (version) => {
      shop.write(
        'older.cjs',
        `Object.defineProperty(process, 'version', { value: 'v${version}' });
         Object.defineProperty(process, 'versions', { value: { node: '${version}' } });`,
      );
      const file = ofKedge('bin/kedge.cjs');
      const program = shop.start(process.execPath, '--require', './older.cjs', file, '--help');
      expect([await program.ended, program.stdout()]).toEqual([1, '']);
      const needed = 'this needs Node.js 22.15 or newer';
      const found = `and runs in v${version}. See https://nodejs.org.`;
      expect(program.stderr()).toBe(`kedge: ${needed}, ${found}\n`);
    },
  );

  it('says so in the words of the oldest Node.js', async () => {
    const text = readFileSync(launcher, 'utf8');
    // Nothing has to be written otherwise for a Node.js that knows import() and not much else.
    const options = { minifyWhitespace: true } as const;
    const { code: old } = await transform(text, { ...options, target: 'node13.2' });
    const { code } = await transform(text, { ...options, target: 'esnext' });
    expect(old).toBe(code);
  });

  it('keeps to itself what is experimental, and nothing else', async () => {
    shop.write(
      'warn.cjs',
      `process.nextTick(() => {
         process.emitWarning('something new', 'ExperimentalWarning');
         process.emitWarning('something new', { type: 'ExperimentalWarning' });
         process.emitWarning('something old', 'DeprecationWarning');
       });`,
    );
    const program = shop.start(
      process.execPath,
      ...['--require', './warn.cjs', ofKedge('bin/kedge.cjs'), '--help'],
    );
    expect(await program.ended).toBe(0);
    expect(program.stderr()).toContain('something old');
    expect(program.stderr()).not.toContain('something new');
  });
});
