import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { devOptions, type StartOptions, startOptionsOf } from '../../src/cli/dev/options.ts';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { isLoopback } from '../../src/local/local-options.ts';

const parse = (args: string, environment: Record<string, string> = {}): StartOptions => {
  const typed = args.split(' ').filter(Boolean);
  const { options } = parseCommandLine({ arguments: [] }, devOptions, typed, environment);
  return startOptionsOf(options as Parameters<typeof startOptionsOf>[0], environment);
};

describe('what is said to kedge dev', () => {
  it('has the defaults everybody expects', () => {
    expect(parse('')).toEqual({
      host: '127.0.0.1',
      kafkaPort: 9092,
      httpPort: 8787,
      dataDir: resolve('.kedge'),
      listeners: [],
      topics: [],
      remarks: [],
      seeds: [],
      restore: undefined,
      snapshot: undefined,
      variables: { KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0', KEDGE_OPEN: 'true' },
    });
  });

  it('takes every option', () => {
    const options = parse(
      '--kafka-port 19092 --http-port=0 --host :: --data-dir /data --advertise kafka.example:443',
      { KEDGE_TOKEN: 'secret' },
    );
    expect(options).toMatchObject({ host: '::', kafkaPort: 19092, httpPort: 0, dataDir: '/data' });
    expect(options.variables.KAFKA_ADVERTISED_LISTENERS).toBe('kafka.example:443');
    expect(parse('--memory').dataDir).toBeNull();
    expect(parse('--kafka-port 0 --http-port 0')).toMatchObject({ kafkaPort: 0, httpPort: 0 });
    expect(
      parse('--registry-port 8081 --topics orders:3,bills --seed a --seed /b --restore c'),
    ).toMatchObject({
      prefixPorts: { registry: 8081 },
      topics: [{ name: 'orders', partitions: 3 }, { name: 'bills' }],
      seeds: [resolve('a'), '/b'],
      restore: resolve('c'),
    });
    expect(parse('--test-controls').testControls).toBe('open');
    expect(parse('--test-controls', { KEDGE_TOKEN: 's' }).testControls).toBe('s');
    expect(parse('--test-controls', { KEDGE_TEST_SECRET: 't' }).testControls).toBe('t');
  });

  it('lets nobody control it without a secret who is not on this machine, or not let in', () => {
    const everywhere = '--test-controls --host 0.0.0.0 --advertise kafka.example:9092';
    const bound = { KEDGE_TRUST_BINDINGS: 'true' };
    expect(() => parse(everywhere, { KEDGE_OPEN: 'true' })).toThrow('KEDGE_TEST_SECRET');
    expect(() => parse('--test-controls', bound)).toThrow('KEDGE_TEST_SECRET');
    const secret = { KEDGE_OPEN: 'true', KEDGE_TEST_SECRET: 't' };
    expect(parse(everywhere, secret).testControls).toBe('t');
    for (const KEDGE_TEST_SECRET of ['open', 'two words']) {
      expect(() => parse('--test-controls', { KEDGE_TEST_SECRET })).toThrow('one word');
    }
  });

  it('passes KAFKA_ variables on, and an option wins over its variable', () => {
    const environment = {
      KAFKA_NUM_PARTITIONS: '3',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '50',
      KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://one:1',
      KAFKA_HEAP_OPTS: '',
      HOME: '/somewhere',
    };
    expect(parse('', environment).variables).toEqual({
      KAFKA_NUM_PARTITIONS: '3',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '50',
      KAFKA_ADVERTISED_LISTENERS: 'one:1',
      KEDGE_OPEN: 'true',
    });
    expect(parse('--advertise two:2', environment).variables).toMatchObject({
      KAFKA_ADVERTISED_LISTENERS: 'two:2',
    });
  });

  it('takes a directory from where npm was started, but keeps its own in the project', () => {
    const environment = { npm_lifecycle_event: 'start', INIT_CWD: '/somewhere/else' };
    expect(parse('--data-dir mydata', environment).dataDir).toBe('/somewhere/else/mydata');
    expect(parse('--data-dir /my/data', environment).dataDir).toBe('/my/data');
    expect(parse('', environment).dataDir).toBe(resolve('.kedge'));
    expect(parse('--data-dir mydata', { INIT_CWD: '/stale' }).dataDir).toBe(resolve('mydata'));
  });

  it.each([
    ['--kafka-port 65536', '--kafka-port must be a whole number from 0 to 65535'],
    ['--kafka-port -1', '--kafka-port'],
    ['--http-port 80.5', '--http-port must be a whole number'],
    ['--http-port', '--http-port'],
    ['--kafka-port 8787', 'both 8787'],
    ['--memory --data-dir x', '--memory'],
    ['--data-dir=', '--data-dir must not be empty'],
    ['--host=', '--host must not be empty'],
    ['--host 10.0.0.1', 'KEDGE_TOKEN'],
    ['--host 0.0.0.0 --advertise a:1', 'KEDGE_TOKEN'],
    ['--advertise nowhere', '--advertise must be host:port'],
    ['--advertise a:0', '--advertise must be host:port'],
    ['--verbose', '--verbose'],
    ['9092', '9092'],
    ['--topics a:b', '--topics must be like orders:3,bills'],
  ])('refuses %s', (args, message) => {
    expect(() => parse(args)).toThrow(message);
  });

  it.each(['0.0.0.0', '::'])('wants to know an address to tell clients with %s', (host) => {
    const open = { KEDGE_OPEN: 'true' };
    expect(() => parse(`--host ${host}`, open)).toThrow('add --advertise host:port');
  });

  it.each([
    ['', {}, 'true'],
    ['', { KEDGE_TOKEN: 'secret' }, 'false'],
    ['', { KEDGE_TOKEN: 'secret', KEDGE_OPEN: 'true' }, 'true'],
    ['', { KEDGE_OPEN: 'false' }, 'false'],
    ['--host 10.0.0.1', { KEDGE_TOKEN: 'secret' }, 'false'],
    ['--host 10.0.0.1', { KEDGE_OPEN: 'true' }, 'true'],
  ])('with "%s" and %j is open: %s', (args, environment, open) => {
    expect(parse(args, environment as Record<string, string>).variables).toMatchObject({
      ...environment,
      KEDGE_OPEN: open,
    });
  });

  it('does not repeat what may be a secret', () => {
    expect(() => parse('', { KEDGE_OPEN: 'hunter2' })).toThrow(/^KEDGE_OPEN must be true or false/);
  });

  it('refuses more partitions than a topic may have, and names the limit', () => {
    expect(() => parse('', { KAFKA_NUM_PARTITIONS: '20000' })).toThrow(
      'KAFKA_NUM_PARTITIONS must be a whole number from 1 to 10000, not 20000',
    );
  });

  it.each([
    [{ KEDGE_CORS_ORIGINS: 'example.com' }, 'KEDGE_CORS_ORIGINS must be * or origins'],
    [{ KEDGE_CORS_ORIGINS: '*', KEDGE_CORS_CREDENTIALS: 'true' }, 'KEDGE_CORS_CREDENTIALS may be'],
    [{ KEDGE_STREAM_MAX_AGE_MS: '1' }, 'KEDGE_STREAM_MAX_AGE_MS must be a whole number'],
  ])('refuses what makes no sense of browsers: %j', (environment, why) => {
    expect(() => parse('', environment as Record<string, string>)).toThrow(why);
  });

  it('hands on what is said of browsers', () => {
    const said = { KEDGE_CORS_ORIGINS: 'https://a.b', KEDGE_HOSTS: 'kedge.lan' };
    expect(parse('', said).variables).toMatchObject(said);
  });

  it('refuses a broker setting that is none', () => {
    expect(() => parse('', { KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'yes' })).toThrow(
      'KAFKA_AUTO_CREATE_TOPICS_ENABLE must be true or false',
    );
  });
});

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.0.0.2', '::1', 'localhost'])('knows %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });
  it.each(['0.0.0.0', '::', '*', '10.0.0.1', '127.0.0.1.example.com', 'example.com'])(
    'does not mistake %s for one',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});
