import {
  appendFile,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Admin, Producer } from '../../../src/client/index.ts';
import { type Kedge as Broker, spawnKedge } from '../../kedge-process.ts';
import { type Kedge, kedgeAt } from './kedge-command.ts';

let source: Broker;
let target: Broker;
let [from, to]: Kedge[] = [];
let folder: string;

beforeAll(async () => {
  [source, target] = await Promise.all([spawnKedge(), spawnKedge()]);
  [from, to] = [kedgeAt(source.bootstrapServers), kedgeAt(target.bootstrapServers)];
  folder = await mkdtemp(join(tmpdir(), 'kedge-export-'));
  await fill(source.url);
}, 60_000);

afterAll(async () => {
  await Promise.all([source?.stop(), target?.stop()]);
  if (folder) await rm(folder, { recursive: true });
});

const old = 1_900_000_000_000;
const bytes = (...values: number[]) => Uint8Array.from(values);

/** Everything that can be wrong with a copy: nulls, bytes, times, markers, what was aborted. */
async function fill(url: string): Promise<void> {
  await using admin = new Admin(url);
  const keeps = { 'retention.ms': '-1', 'message.timestamp.after.max.ms': '9223372036854775807' };
  await admin.createTopics([
    { name: 'mixed', partitions: 3, configs: { ...keeps, 'cleanup.policy': 'compact,delete' } },
    { name: 'timed', partitions: 1, configs: { 'message.timestamp.type': 'LogAppendTime' } },
    { name: 'empty', partitions: 2 },
  ]);
  await using producer = new Producer(url);
  const headers = [
    ['trace', '1'],
    ['trace', bytes(0xff)],
    ['bare', null],
    ['', ''],
  ] as const;
  const mixed = [
    { key: 'a', value: 'é "quoted"\n\u0000', headers, timestamp: old, partition: 0 },
    { key: '', value: '', timestamp: old - 5, partition: 0 },
    { key: 'tombstone', value: null, timestamp: old + 1, partition: 0 },
    { key: bytes(0, 255, 254), value: bytes(0xc0, 0x80), partition: 2, timestamp: 0 },
    { key: 'large', value: 'x'.repeat(900_000), partition: 2, timestamp: 1 },
  ];
  for (const record of mixed) await producer.send('mixed', record);
  await producer.send('timed', { value: 'now', timestamp: 5 });
  for (const [id, commits] of [
    ['kept', true],
    ['lost', false],
    ['kept', true],
  ] as const) {
    await using transactional = new Producer(url, { transactionalId: id });
    await transactional.begin();
    await transactional.send('mixed', {
      key: id,
      value: `${commits}`,
      partition: 1,
      timestamp: old,
    });
    await (commits ? transactional.commit() : transactional.abort());
  }
  for (const compression of ['gzip', 'lz4'] as const) {
    await using packed = new Producer(url, { compression });
    const many = Array.from({ length: 100 }, (_, n) => ({
      ...{ key: `${n}`, value: `${compression} `.repeat(20), partition: 1, timestamp: n },
    }));
    await packed.send('mixed', many);
  }
  await admin.alterGroupOffsets('readers', [
    { topic: 'mixed', partition: 0, offset: 2 },
    { topic: 'mixed', partition: 1, offset: 8 },
  ]);
}

/** The records of a topic, without what a copy has of its own. */
async function recordsOf(kedge: Kedge, topic: string): Promise<string[]> {
  const format = '%p|%T|%K|%k|%S|%s|%h\\n\\x01';
  const ran = await kedge(['consume', '-t', topic, '-e', '-q', '-f', format]);
  expect([ran.code, ran.stderr]).toEqual([0, '']);
  // Partitions come in any order, and each in its own.
  return ran.stdout.split('\x01').toSorted((a, b) => Number(a[0]) - Number(b[0]));
}

async function done(kedge: Kedge, ...args: string[]) {
  const { code, stdout, stderr } = await kedge([...args, '--json', '-q']);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

describe('a copy', { timeout: 60_000 }, () => {
  const ways = [
    { name: 'lines in a folder', to: 'lines', args: [] },
    { name: 'compressed lines', to: 'packed', args: ['--gzip'] },
    { name: 'lines in a file', to: 'all.jsonl', args: [] },
    { name: 'compressed lines in a file', to: 'all.jsonl.gz', args: [] },
    { name: 'record batches', to: 'logs', args: ['--format', 'binary'] },
  ];

  for (const { name, to: path, args } of ways) {
    it(`is the same by ${name}`, async () => {
      const place = join(folder, path);
      await done(from, 'export', '--all', '--group-offsets', '--to', place, ...args);
      await clear();
      const imported = await done(to, 'import', place, '--group-offsets');
      expect(imported).toMatchObject({ records: 208, isWhole: true, groupOffsets: 2 });
      expect(await recordsOf(to, 'mixed')).toEqual(await recordsOf(from, 'mixed'));
      expect(await recordsOf(to, 'timed')).toEqual(await recordsOf(from, 'timed'));
      await using admin = new Admin(target.url);
      expect((await admin.describeTopics(['empty']))[0].partitions).toHaveLength(2);
      const configs = await admin.describeConfigs({ topic: 'mixed' });
      const policy = configs.find((one) => one.name === 'cleanup.policy');
      expect(policy?.value).toBe('compact,delete');
      const timed = await admin.describeConfigs({ topic: 'timed' });
      const type = timed.find((one) => one.name === 'message.timestamp.type');
      expect(type?.value).toBe('LogAppendTime');
      // One of the first four offsets is a record, the others are markers and what was aborted.
      expect(
        (await admin.groupOffsets('readers')).toSorted((a, b) => a.partition - b.partition),
      ).toEqual([
        { topic: 'mixed', partition: 0, offset: 2 },
        { topic: 'mixed', partition: 1, offset: 4 },
      ]);
      // Again: nothing is new.
      expect(await done(to, 'import', place)).toMatchObject({ records: 0 });
    });
  }

  async function clear(): Promise<void> {
    await using admin = new Admin(target.url);
    const names = await admin.listTopics();
    await admin.deleteTopics(names.filter((name) => !name.startsWith('_')));
  }

  it('has another name where that is said, and only what is named', async () => {
    const place = join(folder, 'lines');
    await done(to, 'import', place, '--topic', 'timed=renamed');
    expect(await recordsOf(to, 'renamed')).toEqual(await recordsOf(from, 'timed'));
  });

  it('may be written by hand, and comes through a pipe', async () => {
    const lines = '{"topic":"hand","key":"a","value":{"item":"tea"}}\n\n{"topic":"hand"}';
    const ran = await to(['import', '-', '-q'], lines);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    const { stdout } = await to(['consume', '-t', 'hand', '-e', '-q', '-f', '%k %s %S\\n']);
    expect(stdout.split('\n').toSorted()).toEqual(['', '  -1', 'a {"item":"tea"} 14']);
    const wrong = await to(['import', '-'], '{"topic":"hand"}\n{"topic"}');
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('line 2')]);
    expect((await to(['import', join(folder, 'nowhere')])).code).toBe(1);
  });

  it('does not cut a file that is no export', async () => {
    const path = join(folder, 'mine.jsonl');
    for (const text of ['dear diary\n', '{"dear":"diary"}\n']) {
      await writeFile(path, text);
      const ran = await from(['export', 'timed', '--to', path]);
      expect([ran.code, await readFile(path, 'utf8')]).toEqual([1, text]);
    }
  });
});

describe('what is stopped in the middle', { timeout: 150_000 }, () => {
  const count = 60_000;

  beforeAll(async () => {
    await using admin = new Admin(source.url);
    await admin.createTopics([{ name: 'long', partitions: 2 }]);
    const lines = Array.from({ length: count }, (_, n) => `${n}:${n} ${'.'.repeat(60)}\n`);
    expect((await from(['produce', '-t', 'long', '-K:', '-q'], lines.join(''))).code).toBe(0);
  }, 60_000);

  /** What is in a folder, as far as it can be seen from outside. */
  async function sizes(place: string): Promise<string> {
    const names = await readdir(place, { recursive: true }).catch(() => []);
    const all = names.map(async (name) => {
      const { size, mtimeMs } = await stat(join(place, name)).catch(() => ({
        size: 0,
        mtimeMs: 0,
      }));
      return `${name} ${size} ${mtimeMs}`;
    });
    return (await Promise.all(all)).join();
  }

  /** Kills it when it has begun to write, each time later, and then lets it end. */
  async function killed(kedge: Kedge, place: string, args: readonly string[]): Promise<void> {
    let kills = 0;
    for (const afterMs of [0, 20, 50, 100]) {
      const before = await sizes(place);
      const program = kedge.start(args);
      let isOver = false;
      void program.ended.then(() => {
        isOver = true;
      });
      while (!isOver && (await sizes(place)) === before) await delay(2);
      await delay(afterMs);
      program.child.kill('SIGKILL');
      if ((await program.ended) === 'SIGKILL') kills++;
    }
    expect(kills).toBeGreaterThan(0);
    const { code, stderr } = await kedge([...args, '-q']);
    expect([code, stderr]).toEqual([0, '']);
  }

  for (const args of [[], ['--gzip'], ['--format', 'binary']]) {
    it(`has each record once: export ${args.join(' ')}, import`, async () => {
      const place = join(folder, `killed${args.join('')}`);
      await killed(from, place, ['export', 'long', '--to', place, ...args]);
      const name = `long${args.join('')}`;
      await killed(to, place, ['import', place, '--topic', `long=${name}`]);
      expect(await recordsOf(to, name)).toEqual(await recordsOf(from, 'long'));
    });
  }

  it('goes on behind what a crash has left of a last line, or of a batch', async () => {
    const lines = join(folder, 'cut');
    const logs = join(folder, 'cut-logs');
    await done(from, 'export', 'long', '--to', lines);
    await done(from, 'export', 'long', '--to', logs, '--format', 'binary');
    const cut = async (path: string, by: number) => {
      const { length } = await readFile(path);
      await truncate(path, length - by);
    };
    await cut(join(lines, 'long-0.jsonl'), 10);
    await cut(join(lines, 'long-1.jsonl'), 1);
    await appendFile(join(lines, 'long-1.jsonl'), Buffer.alloc(50));
    const [log] = await readdir(join(logs, 'long-0'));
    await cut(join(logs, 'long-0', log), 10);
    expect(await done(from, 'export', 'long', '--to', lines)).toMatchObject({ records: 2 });
    expect(
      (await done(from, 'export', 'long', '--to', logs, '--format', 'binary')).offsets,
    ).toBeGreaterThan(0);
    for (const place of [lines, logs]) {
      const name = place === lines ? 'cut' : 'cut-logs';
      await done(to, 'import', place, '--topic', `long=${name}`);
      expect(await recordsOf(to, name)).toEqual(await recordsOf(from, 'long'));
    }
  });

  it('exports and imports what has come since', async () => {
    const place = join(folder, 'grows');
    await done(from, 'export', 'timed', '--to', place);
    await done(to, 'import', place, '--topic', 'timed=grown');
    expect((await from(['produce', '-t', 'timed', '-q'], 'more\n')).code).toBe(0);
    expect(await done(from, 'export', 'timed', '--to', place)).toMatchObject({ records: 1 });
    const again = await done(to, 'import', place, '--topic', 'timed=grown');
    expect(again).toMatchObject({ records: 1 });
  });

  for (const args of [
    ['--to', 'anew'],
    ['--to', 'anew.jsonl'],
    ['--format', 'binary', '--to', 'anew-logs'],
  ]) {
    it(`mixes no topic with another of its name: ${args.join(' ')}`, async () => {
      const place = join(folder, args.at(-1)!);
      const exported = ['export', 'anew', ...args.slice(0, -1), place];
      await using admin = new Admin(source.url);
      await admin.createTopics([{ name: 'anew' }]);
      await from(['produce', '-t', 'anew', '-q'], 'a\nb\n');
      await done(from, ...exported);
      await admin.deleteTopics(['anew']);
      await admin.createTopics([{ name: 'anew' }]);
      await from(['produce', '-t', 'anew', '-q'], 'c\nd\ne\n');
      const { code, stderr } = await from(exported);
      expect([code, stderr]).toEqual([1, expect.stringContaining("another topic 'anew'")]);
      await admin.deleteTopics(['anew']);
    });
  }
});
