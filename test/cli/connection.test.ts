/** How `kedge` gets to a cluster, and as whom. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { profilesFile } from '../../src/cli/profile/profiles.ts';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { cliWith } from './in-process.ts';
import { localhostCertificate, localhostKey } from './localhost-pem.ts';
import { root, run } from './processes.ts';

const secret = 'the-owners-secret';
let kedge: Kedge;
let home: string;
let encrypted: Server;
let tlsPort: number;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'kedge-connection-'));
  kedge = await spawnKedge({ env: { KEDGE_TOKEN: secret } });
  encrypted = createServer({ key: localhostKey, cert: localhostCertificate }, (client) => {
    const inner = connect(kedge.kafkaPort, '127.0.0.1');
    client.pipe(inner).pipe(client);
    client.on('error', () => inner.destroy());
    inner.on('error', () => client.destroy());
  });
  encrypted.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => encrypted.listen(0, '127.0.0.1', resolve));
  tlsPort = (encrypted.address() as { port: number }).port;
  const set = await cli({ KEDGE_TOKEN: secret })('user set alice', 'wonderland\n');
  expect(set).toMatchObject({ code: 0 });
  await cli({ KEDGE_TOKEN: secret })('acl add --principal User:alice --operation ALL --cluster');
});
afterEach(() => rmSync(join(home, 'kedge'), { recursive: true, force: true }));
afterAll(async () => {
  encrypted.close();
  await kedge.stop();
  rmSync(home, { recursive: true, force: true });
});

const cli = (environment: Record<string, string> = {}) =>
  cliWith({
    XDG_CONFIG_HOME: home,
    KEDGE_BOOTSTRAP: kedge.bootstrapServers,
    ...environment,
  });

/** A file of Kafka's own tools. */
function properties(lines: readonly string[]): string {
  const file = join(home, 'client.properties');
  writeFileSync(file, `# of kafka-topics\n${lines.join('\n')}\n`);
  return file;
}

describe('where no Kafka answers', () => {
  /** Says this to whoever says something, or nothing at all. */
  async function stranger(words: Buffer | undefined): Promise<AddressInfo & AsyncDisposable> {
    const server = createTcpServer((client) => {
      client.on('error', () => {}).on('data', () => words && client.write(words));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const close = async () => void server.close();
    return { ...(server.address() as AddressInfo), [Symbol.asyncDispose]: close };
  }
  const absurd = Buffer.from([0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 7]);

  it.each([
    ['nothing', undefined, 'no answer within 500 ms'],
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'is not Kafka'],
    ['an absurd list', Buffer.concat([absurd, Buffer.alloc(6)]), '2147483646 elements claimed'],
  ])('ends, and says why, where the answer is %s', async (_what, words, why) => {
    await using server = await stranger(words);
    const where = `127.0.0.1:${server.port}`;
    const program = [join(root, 'src/cli/kedge.ts'), 'topic', 'list', '-b', where];
    const ran = run(process.execPath, [...program, '--timeout', '1s']);
    expect(await ran.ended).toBe(1);
    expect(ran.stderr()).toContain(where);
    expect(ran.stderr()).toContain(why);
    const next = await cli()(`topic list --timeout 2s -b ${where},${kedge.bootstrapServers}`);
    expect(next.err).not.toContain(where);
  });

  it('ends where a URL is never answered', async () => {
    await using server = await stranger(undefined);
    const program = [join(root, 'src/cli/kedge.ts'), 'topic', 'list', '--timeout', '1s'];
    const ran = run(process.execPath, [...program, '--url', `http://127.0.0.1:${server.port}`]);
    expect(await ran.ended).toBe(1);
    expect(ran.stderr()).toContain('nothing answers at http://127.0.0.1:');
  });

  it.each(['-b ,', '--timeout 30d', '--timeout 0s'])('does not understand %s', async (option) => {
    expect(await cli()(`topic list ${option}`)).toMatchObject({ code: 2 });
  });
});

describe('on the port of Kafka', () => {
  it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('shows a password by %s', async (name) => {
    const as = cli({ KEDGE_USERNAME: 'alice', KEDGE_PASSWORD: 'wonderland' });
    expect(await as.json(`user list --sasl-mechanism ${name}`)).toMatchObject([{ name: 'alice' }]);
    const wrong = cli({ KEDGE_USERNAME: 'alice', KEDGE_PASSWORD: 'mirror' });
    const { code, err } = await wrong(`user list --sasl-mechanism ${name}`);
    expect(code).toBe(1);
    expect(err).toContain('does not let us in: Authentication failed');
  });

  it.each(['', ' --sasl-mechanism OAUTHBEARER'])('shows a token%s', async (how) => {
    expect(await cli({ KEDGE_TOKEN: secret })(`topic list${how}`)).toMatchObject({ code: 0 });
    expect(await cli({ KEDGE_TOKEN: 'guess' })(`topic list${how}`)).toMatchObject({ code: 1 });
  });

  it('reads a password from standard input', async () => {
    const said = await cli()('topic list --username alice --password-stdin', 'wonderland\n');
    expect(said).toMatchObject({ code: 0, err: '' });
  });

  it('says what may be wrong where it is hung up on, and where nothing answers', async () => {
    const { code, err } = await cli()('topic list');
    expect(code).toBe(1);
    expect(err).toContain('it may want to know who asks (--token, --username)');
    expect((await cli()('topic list -b 127.0.0.1:1')).err).toMatch(
      /^kedge: nothing answers at 127\.0\.0\.1:1 .*; --bootstrap says where the cluster is/,
    );
    const second = await cli({ KEDGE_TOKEN: secret })(
      `topic list -b 127.0.0.1:1,${kedge.bootstrapServers}`,
    );
    expect(second).toMatchObject({ code: 0 });
  });

  it('encrypts, and trusts only whom it is told to', async () => {
    const ca = join(home, 'ca.pem');
    writeFileSync(ca, localhostCertificate);
    const as = cli({ KEDGE_TOKEN: secret });
    const to = `topic list -b localhost:${tlsPort}`;
    expect(await as(`${to} --ca ${ca}`)).toMatchObject({ code: 0, err: '' });
    expect((await as(`${to} --tls`)).err).toContain('self-signed certificate');
    expect((await as(`topic list -b 127.0.0.1:${tlsPort} --ca ${ca}`)).code).toBe(1);
    expect((await as(`${to} --ca ${ca}.not`)).err).toContain('cannot be read');
  });
});

describe('--command-config', () => {
  const jaas = (name: string, password: string) =>
    `sasl.jaas.config=org.apache.kafka.common.security.${name}.LoginModule required \\\n` +
    `    username="alice" password="${password}";`;

  it('is what the tools of Kafka take', async () => {
    const file = properties([
      `bootstrap.servers=${kedge.bootstrapServers}`,
      'security.protocol=SASL_PLAINTEXT',
      'sasl.mechanism = SCRAM-SHA-512',
      jaas('scram.Scram', 'wonderland'),
    ]);
    const alone = cliWith({ XDG_CONFIG_HOME: home });
    expect(await alone.json(`user list --command-config ${file}`)).toMatchObject([{}]);
  });

  it('encrypts with the PEM that stands in it', async () => {
    const file = properties([
      'security.protocol=SASL_SSL',
      'sasl.mechanism=PLAIN',
      jaas('plain.Plain', 'wonderland'),
      `ssl.truststore.certificates=${localhostCertificate.trim().replaceAll('\n', ' \\\n')}`,
    ]);
    const said = await cli()(`topic list -b localhost:${tlsPort} --command-config ${file}`);
    expect(said.err).toBe('');
  });

  it.each([
    [['security.protocol=KERBEROS'], "security.protocol is 'KERBEROS'"],
    [['security.protocol=SASL_SSL'], 'sasl.mechanism is GSSAPI'],
    [['security.protocol=SSL', 'ssl.truststore.location=a.jks'], 'is a JKS file'],
  ])('refuses %j', async (lines, why) => {
    const { code, err } = await cli()(`topic list --command-config ${properties(lines)}`);
    expect(code).toBe(1);
    expect(err).toContain(why);
  });
});

describe('kedge profile', () => {
  const alone = () => cliWith({ XDG_CONFIG_HOME: home });

  it('keeps a connection, uses it and never prints its secrets', async () => {
    const add = `profile add prod --url ${kedge.url} --token -`;
    const added = await alone()(add, `${secret}\n`);
    expect(added).toMatchObject({ code: 0, err: '' });
    expect(await alone().json('topic list')).toEqual([]);
    const tcp = `profile add here -b ${kedge.bootstrapServers} --username alice`;
    expect(await alone()(tcp, 'wonderland\n')).toMatchObject({ code: 0 });
    expect(await alone().json('user list --profile here')).toMatchObject([{ name: 'alice' }]);
    const list = await alone()('profile list');
    expect(list.out).toMatch(/^\* +prod +http:\S+ +a token\n +here +127\S+ +alice$/m);
    const shown = await alone()('profile show here --json');
    expect(JSON.parse(shown.out)).toMatchObject({ name: 'here', as: 'alice', isCurrent: false });
    for (const { out } of [added, list, shown]) {
      expect(out).not.toContain(secret);
      expect(out).not.toContain('wonderland');
    }
    const file = profilesFile({ XDG_CONFIG_HOME: home });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await alone()('profile use here')).code).toBe(0);
    expect((await alone()('token list')).err).toContain('say where, with --url');
    expect((await alone()('profile remove here')).code).toBe(0);
    expect((await alone()('profile show')).err).toContain('no profile is in use');
    expect((await alone()('profile use heer')).code).toBe(1);
  });

  it('is whole: no token of the environment goes where it says', async () => {
    await alone()(`profile add other -b ${kedge.bootstrapServers}`);
    const said = await cli({ KEDGE_TOKEN: secret })('topic list --profile other');
    expect(said.code).toBe(1);
  });
});

it('keeps to the ways that go together', async () => {
  const both = await cli()(`topic list --url ${kedge.url} -b localhost`);
  expect(both).toMatchObject({ code: 2, err: expect.stringContaining('two ways') });
  const odd = await cli()(`topic list --url ftp://example.com`);
  expect(odd).toMatchObject({ code: 2, err: expect.stringContaining('--url must be a URL') });
  const half = await cli()(`topic list --cert cert.pem`);
  expect(half).toMatchObject({ code: 2, err: expect.stringContaining('belong together') });
  const token = await cli({ KEDGE_TOKEN: 'guess', KEDGE_BOOTSTRAP: '', KEDGE_URL: kedge.url });
  expect((await token('topic list')).err).toContain('is none that it knows');
});
