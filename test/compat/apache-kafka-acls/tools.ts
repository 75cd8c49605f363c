/**
 * `kafka-acls`, run against both brokers with the same words: what it prints must be the same. The
 * surprise: what it lists has no order, and right after a change Apache Kafka may not list it yet.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Toolbox } from '../java-tools/toolbox.ts';
import { type Case, runCases, type SuiteContext } from '../suite.ts';
import { equal, lines, unique } from '../words.ts';

/** How long a change may take to be listed. */
const PATIENCE_MS = 5_000;

type Acls = (...args: readonly string[]) => Promise<void>;

/** Runs the tool against both; what it lists is asked for again until both say the same. */
function aclsOf(toolbox: Toolbox, servers: readonly string[]): Acls {
  return async (...args) => {
    const limit = Date.now() + PATIENCE_MS;
    const isList = args.includes('--list');
    for (;;) {
      const said: string[][] = [];
      for (const server of servers) {
        const { code, text } = await toolbox.run('acls', '--bootstrap-server', server, ...args);
        said.push([`exit code ${code}`, ...told(text, isList)]);
      }
      if (!isList || String(said[0]) === String(said[1]) || Date.now() > limit) {
        equal(said[1], said[0]);
        return;
      }
      await delay(50);
    }
  };
}

/** What a change says of what there is now may be old: it is listed afterwards. */
function told(text: string, isList: boolean): string[] {
  const [changed] = isList ? [text] : text.split('Current ACLs');
  return lines(changed!)
    .map((line) => line.trim())
    .filter((line) => !line.startsWith('at ') && line !== '')
    .sort();
}

const alice = ['--allow-principal', 'User:alice'];

const plays: Readonly<Record<string, (acls: Acls) => Promise<void>>> = {
  'kafka-acls-add-list-remove': async (acls) => {
    const topic = ['--topic', unique('orders')];
    const [read, all] = [
      ['--operation', 'Read'],
      ['--operation', 'All'],
    ];
    await acls('--add', ...alice, ...read, ...topic);
    await acls('--add', ...alice, ...read, '--operation', 'DescribeConfigs', ...topic);
    await acls(
      '--add',
      '--deny-principal',
      'User:bob',
      '--deny-host',
      '10.1.2.3',
      ...all,
      ...topic,
    );
    await acls('--add', ...alice, '--allow-host', '10.0.0.0/8', '--operation', 'Write', ...topic);
    await acls('--list', ...topic);
    await acls('--list', '--principal', 'User:bob', ...topic);
    await acls('--remove', '--force', ...alice, ...read, ...topic);
    await acls('--list', ...topic);
    await acls('--remove', '--force', ...topic);
    await acls('--list', ...topic);
  },
  'kafka-acls-producer-consumer': async (acls) => {
    const topic = ['--topic', unique('orders')];
    const [tx, group] = [unique('payments'), unique('readers')];
    await acls('--add', ...alice, '--producer', '--transactional-id', tx, ...topic);
    await acls('--add', ...alice, '--consumer', '--group', group, ...topic);
    await acls('--list', ...topic);
    await acls('--list', '--transactional-id', tx);
    await acls('--list', '--group', group);
    await acls('--remove', '--force', ...alice, '--consumer', '--group', group, ...topic);
    await acls('--list', ...topic);
    await acls('--list', '--group', group);
  },
  'kafka-acls-prefixed': async (acls) => {
    const name = unique('orders');
    const prefixed = ['--resource-pattern-type', 'prefixed'];
    const writes = [...alice, '--operation', 'Write'];
    await acls('--add', ...writes, '--topic', name.slice(0, 12), ...prefixed);
    await acls('--add', ...writes, '--topic', name);
    await acls('--list', '--topic', name);
    await acls('--list', '--topic', name, '--resource-pattern-type', 'match');
    await acls('--list', '--topic', name.slice(0, 12), ...prefixed);
    await acls('--remove', '--force', '--topic', name, '--resource-pattern-type', 'any');
    await acls('--list', '--topic', name, '--resource-pattern-type', 'match');
    await acls('--remove', '--force', '--topic', name.slice(0, 12), ...prefixed);
    await acls('--list', '--principal', 'User:alice', '--topic', name.slice(0, 12), ...prefixed);
  },
  'kafka-acls-cluster-and-users': async (acls) => {
    const carol = ['--allow-principal', `User:${unique('carol')}`];
    await acls('--add', ...carol, '--operation', 'Create', '--cluster');
    await acls('--add', ...carol, '--operation', 'CreateTokens', '--user-principal', 'User:dave');
    await acls('--add', ...carol, '--operation', 'Describe', '--delegation-token', 'token');
    await acls('--add', ...carol, '--operation', 'TwoPhaseCommit', '--transactional-id', 'carols');
    await acls('--list', '--principal', carol[1]!);
    await acls('--list', '--principal', carol[1]!, '--cluster');
    await acls('--remove', '--force', ...carol, '--operation', 'Create', '--cluster');
    await acls('--list', '--principal', carol[1]!);
  },
  'kafka-acls-refused': async (acls) => {
    const topic = ['--topic', unique('orders')];
    await acls('--add', ...alice, '--allow-host', '10.0.0.0/99', '--operation', 'Read', ...topic);
    await acls('--add', ...alice, '--operation', 'Create', '--group', 'wrong');
    await acls('--list', ...topic);
  },
};

/** `servers`: Apache Kafka and Kedge. */
export async function runTools(servers: readonly string[], context: SuiteContext): Promise<void> {
  const toolbox = new Toolbox();
  const acls = aclsOf(toolbox, servers);
  const cases: Case[] = Object.entries(plays).map(([name, play]) => ({
    name,
    timeoutMs: 60_000,
    run: () => play(acls),
  }));
  try {
    await runCases(cases, context);
  } finally {
    await toolbox.close();
  }
}
