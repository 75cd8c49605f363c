/** `kedge deploy`: from an empty folder to a Kedge on Cloudflare. */
import { command as action } from '../command.ts';
import { duration, nonEmpty } from '../values.ts';
import { deploy } from './deploy.ts';
import { variable, workerName } from './words.ts';

export const command = action({
  name: 'deploy',
  summary: 'put a Kedge on Cloudflare, or a newer one in its place',
  description:
    'Writes a wrangler.toml that uses the Worker in this package, makes a secret for the owner ' +
    'and lets Wrangler deploy it. Done again, it brings a newer Kedge, with what that needs, and ' +
    'leaves alone what you have written in the file.\n\n' +
    'The secret is the password of the user admin, who may do everything. It is kept in a ' +
    'profile, which is a file for you alone, and not shown; or shown with --show-token, and not ' +
    'kept. Nobody else comes in until you say who may.',
  arguments: [
    {
      name: 'folder',
      summary: 'where wrangler.toml is, or is to be; by default, here',
      optional: true,
      complete: 'directory',
    },
  ],
  options: {
    name: { value: 'name', summary: 'of the Worker (default kedge)', parse: workerName },
    domain: {
      value: 'host',
      summary: 'a domain of yours at Cloudflare, in place of workers.dev',
      multiple: true,
      parse: nonEmpty,
    },
    route: {
      value: 'pattern',
      summary: 'a route: kafka.example.com/*',
      multiple: true,
      parse: nonEmpty,
    },
    env: {
      value: 'NAME=value',
      summary: 'a setting: KAFKA_NUM_PARTITIONS=3',
      multiple: true,
      parse: variable,
    },
    profile: {
      value: 'name',
      summary: 'keep the address and the secret under this name (default: that of the Worker)',
      complete: 'profile',
      parse: nonEmpty,
    },
    'show-token': { summary: 'show the secret, once, in place of keeping it' },
    'token-stdin': { summary: 'take the secret from standard input in place of a new one' },
    'new-token': { summary: 'make a new secret, though there is one' },
    force: { summary: 'write wrangler.toml anew, whoever wrote it; take the name, whoever has it' },
    wait: {
      value: 'duration',
      summary: 'how long to wait for its first answer; 0s: not at all',
      default: '90s',
      parse: duration,
    },
    'dry-run': { summary: 'only say what would be done' },
  },
  examples: [
    { command: 'kedge deploy' },
    { command: 'kedge deploy --name orders --env KAFKA_NUM_PARTITIONS=3 --dry-run' },
    { command: 'kedge deploy --domain kafka.example.com', summary: 'where its users find it' },
  ],
  run: ({ args: [folder = '.'], ...invocation }) => deploy(folder, invocation),
});
