import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kedge as Broker, spawnKedge } from '../../kedge-process.ts';
import { run } from '../processes.ts';
import { type Kedge, kedgeAt, program } from './kedge-command.ts';

let broker: Broker;
let kedge: Kedge;
let folder: string;

beforeAll(async () => {
  broker = await spawnKedge({ env: { KAFKA_NUM_PARTITIONS: '1' } });
  kedge = kedgeAt(broker.bootstrapServers);
  folder = await mkdtemp(join(tmpdir(), 'kedge-records-'));
}, 60_000);

afterAll(async () => {
  await broker?.stop();
  if (folder) await rm(folder, { recursive: true });
});

const all = ['-e', '-q'];

async function consumed(topic: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await kedge(['consume', '-t', topic, ...all, ...args]);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

async function produced(input: string | Uint8Array, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await kedge(['produce', '-q', ...args], input);
  expect([code, stdout, stderr]).toEqual([0, '', '']);
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `${n}\n`).join('');

describe('kedge produce', { timeout: 60_000 }, () => {
  it('sends lines as kcat does: keys, headers, nulls', async () => {
    const header = ['-H', 'a=1', '-H', 'a=2', '-H', 'bare', '-H', 'b='];
    await produced('k:v\n\nk2:\n:v3\nnokey', '-t', 'lines', '-K:', '-Z', '-k', 'fixed', ...header);
    expect(await consumed('lines', '-f', '%k|%K|%s|%S|%h\\n')).toBe(
      ['k|1|v|1', 'k2|2||-1', 'fixed|5|v3|2', 'fixed|5|nokey|5']
        .map((line) => `${line}|a=1,a=2,bare=NULL,b=\n`)
        .join(''),
    );
  });

  it('sends files whole, or line by line', async () => {
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    await writeFile(one, 'a\nb\n');
    await writeFile(two, Buffer.from([0, 255, 10]));
    await produced('', '-t', 'whole', one, two);
    expect(await consumed('whole', '-f', '%S:%s;')).toBe('4:a\nb\n;3:\0\xff\n;');
    await produced('', '-t', 'by-line', '-l', one, '-c', '1');
    expect(await consumed('by-line')).toBe('a\n');
  });

  it('compresses with every codec', async () => {
    for (const codec of ['gzip', 'snappy', 'lz4', 'zstd']) {
      await produced(numbers(2_000), '-t', codec, '-z', codec);
      expect(await consumed(codec)).toBe(numbers(2_000));
    }
  });

  it('takes the JSON of consume, whatever bytes are in it', async () => {
    const value = Buffer.concat([Buffer.from('é"\\\t'), Buffer.from([0xff, 0x80])]);
    await writeFile(join(folder, 'bytes'), value);
    await produced('', '-t', 'json', '-k', 'k', '-H', 'n', '-H', 'a=b', join(folder, 'bytes'));
    await produced('plain\n', '-t', 'json');
    const lines = Buffer.from(await consumed('json', '-J'), 'latin1');
    await produced(lines, '-t', 'json-copy', '-J');
    const copy = Buffer.from(await consumed('json-copy', '-J'), 'latin1');
    expect(copy.toString('latin1').replaceAll('json-copy', 'json')).toBe(lines.toString('latin1'));
  });

  it('says what could not be delivered, and sends the rest', async () => {
    const [large, small] = [join(folder, 'large'), join(folder, 'small')];
    await writeFile(large, 'x'.repeat(2_000_000));
    await writeFile(small, 'small');
    const missing = join(folder, 'missing');
    const ran = await kedge(['produce', '-t', 'partly', large, missing, small]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('A record was not delivered');
    expect(ran.stderr).toContain(missing);
    expect(await consumed('partly', '-c', '1')).toBe('small\n');
  });

  it('follows a file that grows, and one that takes its place', async () => {
    const log = join(folder, 'log');
    await writeFile(log, 'one\nhalf');
    await produced('first\n', '-t', 'followed');
    const following = kedge.start(['produce', '-t', 'followed', '--follow', log]);
    const reading = kedge.start(['consume', '-t', 'followed', '-u', '-q']);
    await reading.until('one\n');
    await appendFile(log, ' a line\n');
    await reading.until('half a line\n');
    await writeFile(join(folder, 'next'), 'another\n');
    await rename(join(folder, 'next'), log);
    await reading.until('another\n');
    following.child.kill('SIGINT');
    reading.child.kill('SIGINT');
    expect(await Promise.all([following.ended, reading.ended])).toEqual([0, 0]);
    expect(reading.stdout()).toBe('first\none\nhalf a line\nanother\n');
  });

  it('refuses what it cannot understand', async () => {
    for (const args of [[], ['-t', 't', '--follow'], ['-t', 't', '-D', '']]) {
      expect((await kedge(['produce', ...args])).code).toBe(2);
    }
    const ran = await kedge(['produce', '-J'], '{"topic":"t","payload":"a"}\nnothing\n');
    expect([ran.code, ran.stderr]).toEqual([
      1,
      expect.stringContaining('line 2: this is not JSON'),
    ]);
  });
});

describe('kedge consume', { timeout: 60_000 }, () => {
  beforeAll(() => produced(numbers(5), '-t', 'five'));

  it('begins and ends where it is told', async () => {
    expect(await consumed('five')).toBe(numbers(5));
    expect(await consumed('five', '-o', '3')).toBe('3\n4\n');
    expect(await consumed('five', '-o', '-1')).toBe('4\n');
    expect(await consumed('five', '-o', 'end')).toBe('');
    expect(await consumed('five', '--since', '1h ago')).toBe(numbers(5));
    expect(await consumed('five', '--until', '1h ago')).toBe('');
    expect(await consumed('five', '-c', '2', '-o', 's@0')).toBe('0\n1\n');
    expect(await consumed('five', '-o', '99')).toBe('');
  });

  it('says where partitions end, and that a topic is missing', async () => {
    const { stderr } = await kedge(['consume', '-t', 'five', '-e', '-o', 'end']);
    expect(stderr).toBe('% Reached end of topic five [0] at offset 5: exiting\n');
    const missing = await kedge(['consume', '-t', 'nothing', '-e']);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('nothing')]);
    expect((await kedge(['consume', '-t', 'five', '-p', '3', '-e'])).code).toBe(1);
    expect((await kedge(['consume', '-t', 'five', '-f', '%y'])).code).toBe(2);
  });

  it('reads topics by a pattern', async () => {
    await produced('a\n', '-t', 'many-1');
    await produced('b\n', '-t', 'many-2');
    const lines = (await consumed('^many-.$', '-f', '%t %s\\n')).split('\n').toSorted();
    expect(lines).toEqual(['', 'many-1 a', 'many-2 b']);
  });

  it('ends quietly when nobody reads any more', async () => {
    await produced(numbers(50_000), '-t', 'headed');
    const consume = `"${process.execPath}" "${program}" consume -t headed -e`;
    const script = `${consume} | head -2; echo \${PIPESTATUS[0]}`;
    const shell = run('bash', ['-c', script], {
      env: { KEDGE_BOOTSTRAP: broker.bootstrapServers },
    });
    expect([await shell.ended, shell.stdout(), shell.stderr()]).toEqual([0, '0\n1\n0\n', '']);
  });

  it('goes on where its group has come to, and leaves it', async () => {
    const take = async (...args: string[]) => {
      const ran = await kedge([
        'consume',
        '-G',
        'workers',
        'five',
        '-q',
        '-o',
        'beginning',
        ...args,
      ]);
      expect([ran.code, ran.stderr]).toEqual([0, '']);
      return ran.stdout;
    };
    expect(await take('-c', '3')).toBe(numbers(3));
    expect(await take('-e')).toBe('3\n4\n');
    expect(await take('-e')).toBe('');
    const shown = ['-f', '%t %s\\n'];
    const waiting = kedge.start(['consume', '-G', 'workers', '^fiv', '-u', '-q', ...shown]);
    await produced('late\n', '-t', 'five-more');
    await produced('late\n', '-t', 'five');
    await waiting.until('five late\n');
    waiting.child.kill('SIGINT');
    expect(await waiting.ended).toBe(0);
    expect(await take('-e')).toBe('');
    const { stdout } = await kedge(['group', 'describe', 'workers', '--json']);
    expect(JSON.parse(stdout)).toMatchObject([{ state: 'Empty', lag: 0 }]);
  });
});
