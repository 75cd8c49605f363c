/**
 * Clients that have to say who they are: each in each mechanism, with what is right and what is
 * wrong. Who is right writes a record and reads one; who is wrong is told so, and soon.
 */

import { blockOf } from '../../docs/blocks.ts';
import { suite as confluent2 } from '../confluent-kafka-2/suite.ts';
import { cacheOf, pathOf } from '../install.ts';
import { compile } from '../java.ts';
import { suite as pypiKafkaPython } from '../kafka-python-3/suite.ts';
import { fetchJars, jarsOf, jdk, jvm } from '../maven.ts';
import { runToEnd } from '../processes.ts';
import { DEBIAN_PYTHON, pythonOf } from '../python.ts';
import { type Case, runCases, type Suite, type SuiteContext } from '../suite.ts';
import { equal, includes } from '../words.ts';

const ownersToken = 'the-owners-secret';
const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const;
type Mechanism = (typeof mechanisms)[number];

interface Attempt {
  readonly bootstrap: string;
  readonly mechanism: Mechanism;
  readonly user: string;
  readonly password: string;
}

/** What came of it: the record that was read, or what the client said went wrong. */
type Outcome = { readonly read: string } | { readonly error: string };

interface Client {
  readonly name: string;
  readonly mechanisms: readonly Mechanism[];
  attempt(attempt: Attempt): Promise<Outcome>;
  /** What it says of wrong credentials. */
  readonly refusal: RegExp;
}

/** A program that prints the outcome as the last line. */
function program(command: () => string, ...args: readonly string[]): Client['attempt'] {
  return async ({ bootstrap, mechanism, user, password }) => {
    const all = [...args, bootstrap, mechanism, user, password];
    const env = { PYTHONDONTWRITEBYTECODE: '1' };
    const said = await runToEnd(command(), all, { env, timeoutMs: 45_000 });
    return JSON.parse(said.trim().split('\n').at(-1)!);
  };
}

async function kcat({ bootstrap, mechanism, user, password }: Attempt): Promise<Outcome> {
  const sasl = Object.entries({
    'security.protocol': 'SASL_PLAINTEXT',
    'sasl.mechanisms': mechanism,
    'sasl.username': user,
    'sasl.password': password,
  }).flatMap(([name, value]) => ['-X', `${name}=${value}`]);
  const run = (args: readonly string[], input = '') =>
    runToEnd('kcat', ['-b', bootstrap, ...sasl, ...args], { input, timeoutMs: 30_000 });
  try {
    await run(['-P', '-t', 'letters'], `${mechanism}\n`);
    const read = await run(['-C', '-t', 'letters', '-o', 'beginning', '-c', '1', '-q']);
    return { read: read.trim() };
  } catch (error) {
    return { error: String(error) };
  }
}

/** What each says of wrong credentials, in the words of Kafka where it has them. */
const words = '(Invalid username or password|invalid credentials|invalid_token|Local: Auth)';
const librdkafka = new RegExp(`_AUTHENTICATION.*${words}`, 's');
/** The old one has no words for it but where a token is wrong; it hears no reason in its tokens. */
const kafkaPython2 = /NoBrokersAvailable.*Error receiving reply|AuthenticationFailedError/s;
const kafkaPython3 = new RegExp(`SaslAuthenticationFailedError.*${words}`, 's');

const passwords = mechanisms.slice(0, 3);
const classes = () => `${cacheOf('sasl')}/classes:${jarsOf('sasl')}`;

const clients: readonly Client[] = [
  {
    name: 'kcat',
    mechanisms: passwords,
    attempt: kcat,
    refusal: /Authentication failed|authentication failure/i,
  },
  {
    name: 'confluent-kafka',
    mechanisms,
    attempt: program(() => DEBIAN_PYTHON, pathOf('sasl/attempt_confluent.py')),
    refusal: librdkafka,
  },
  {
    name: 'confluent-kafka-2',
    mechanisms,
    attempt: program(() => pythonOf('confluent-kafka-2'), pathOf('sasl/attempt_confluent.py')),
    refusal: librdkafka,
  },
  {
    name: 'kafka-python-2',
    mechanisms,
    attempt: program(() => DEBIAN_PYTHON, pathOf('sasl/attempt_kafka_python.py')),
    refusal: kafkaPython2,
  },
  {
    name: 'kafka-python-3',
    mechanisms,
    attempt: program(() => pythonOf('kafka-python-3'), pathOf('sasl/attempt_kafka_python.py')),
    refusal: kafkaPython3,
  },
  {
    name: 'java',
    mechanisms,
    attempt: (attempt) => program(() => 'java', ...jvm, '-cp', classes(), 'Attempt')(attempt),
    refusal: new RegExp(`SaslAuthenticationException .*${words}`),
  },
];

async function ask(context: SuiteContext, method: string, path: string, body: unknown) {
  const headers = { authorization: `Bearer ${ownersToken}`, 'content-type': 'application/json' };
  const request = { method, headers, body: JSON.stringify(body) };
  const response = await fetch(`${context.broker.url}${path}`, request);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? undefined : response.json();
}

/** What is right: a user's password, or a token of the same principal. */
async function rightFor(context: SuiteContext, mechanism: Mechanism): Promise<string> {
  if (mechanism !== 'OAUTHBEARER') return 'wonderland';
  const made = await ask(context, 'POST', '/admin/tokens', { principal: 'User:alice' });
  return (made as { token: string }).token;
}

function casesOf({ name, mechanisms, attempt, refusal }: Client): Case[] {
  return mechanisms.flatMap((mechanism): Case[] => [
    {
      name: `${name}-${mechanism.toLowerCase()}`,
      async run(context) {
        const { bootstrap } = context.broker;
        const password = await rightFor(context, mechanism);
        const outcome = await attempt({ bootstrap, mechanism, user: 'alice', password });
        equal(Object.keys(outcome), ['read']);
        includes(mechanisms as readonly string[], (outcome as { read: string }).read);
      },
    },
    {
      name: `${name}-${mechanism.toLowerCase()}-wrong`,
      async run(context) {
        const { bootstrap } = context.broker;
        const wrong = { bootstrap, mechanism, user: 'alice', password: 'looking-glass' };
        const outcome = await attempt(wrong);
        const said = 'error' in outcome ? outcome.error : `read ${outcome.read}`;
        if (!refusal.test(said)) throw new Error(`not what a refused client says: ${said}`);
      },
    },
  ]);
}

/** The users and the record that `docs/security.md` begins with; what it has kcat do is a case. */
const documented: Case = {
  name: 'docs',
  async run(context) {
    const { bootstrap, url } = context.broker;
    const code = blockOf('docs/security.md', 'alice-kcat', {
      bootstrapServers: bootstrap,
      url: '',
    });
    const password = 'a long sentence is best';
    await ask(context, 'PUT', '/admin/users/alice', { password });
    const headers = {
      authorization: `Basic ${btoa(`alice:${password}`)}`,
      'content-type': 'application/vnd.kafka.json.v2+json',
    };
    const body = JSON.stringify({ records: [{ value: { item: 'tea' } }] });
    await fetch(`${url}/rest/topics/orders`, { method: 'POST', headers, body });
    equal(await runToEnd('bash', ['-e', '-c', code]), '{"item":"tea"}\n');
  },
};

export const suite: Suite = {
  name: 'sasl',
  settings: { KEDGE_TOKEN: ownersToken, KAFKA_SUPER_USERS: 'User:alice' },
  debianPackages: [
    ...jdk,
    { name: 'kcat' },
    { name: 'python3-venv' },
    { name: 'python3-kafka' },
    { name: 'python3-confluent-kafka' },
  ],
  async install() {
    await Promise.all([confluent2.install(), pypiKafkaPython.install(), fetchJars('sasl')]);
    await compile('sasl', `${cacheOf('sasl')}/classes`, [pathOf('sasl/Attempt.java')]);
  },
  version: async () => 'kcat, confluent-kafka, kafka-python and the Java client of their suites',
  async run(context) {
    if (context.broker.url === null) {
      context.note('only for a Kedge that was started for it');
      return;
    }
    await ask(context, 'PUT', '/admin/users/alice', { password: 'wonderland' });
    await runCases([...clients.flatMap(casesOf), documented], context);
  },
};
