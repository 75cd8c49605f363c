#!/usr/bin/env node
/**
 * `kedge`: the command line, one file a command. The surprise: a command is loaded only when it is
 * asked for, so that `--help` and the small ones do not wait for what runs a broker.
 */
import { UsageError } from './options.ts';

/** One command. `run` gets what follows its name, and answers with the exit code. */
export interface Command {
  readonly help: string;
  run(args: readonly string[]): Promise<number>;
}

interface Entry {
  readonly summary: string;
  load(): Promise<{ readonly command: Command }>;
}

const commands: Readonly<Record<string, Entry>> = {
  tunnel: {
    summary: 'connect Kafka clients on this machine to a deployed Kedge',
    load: () => import('./tunnel/command.ts'),
  },
  user: {
    summary: 'manage users and their passwords',
    load: () => import('./admin/user.ts'),
  },
  token: {
    summary: 'manage tokens, by which programs show who they are',
    load: () => import('./admin/token.ts'),
  },
  acl: {
    summary: 'manage who may do what',
    load: () => import('./admin/acl.ts'),
  },
};

function overview(): string {
  const width = Math.max(...Object.keys(commands).map(({ length }) => length));
  const lines = Object.entries(commands).map(
    ([name, { summary }]) => `  ${name.padEnd(width)}   ${summary}`,
  );
  return `Kedge: Apache Kafka on Cloudflare Workers.

Usage: kedge <command> [options]

Commands
${lines.join('\n')}

kedge <command> --help says more about one.
`;
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(overview());
    return name === undefined ? 2 : 0;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) throw new UsageError(`there is no command '${name}'.`);
  const { command } = await entry.load();
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(command.help);
    return 0;
  }
  try {
    return await command.run(rest);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`kedge ${name}: ${error.message}\nTry: kedge ${name} --help`);
    return 2;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  console.error(`kedge: ${message}`);
  if (error instanceof UsageError) console.error('Try: kedge --help');
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
