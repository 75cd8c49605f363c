/** `kedge acl`: what those who come in may do. */
import type { Command } from '../kedge.ts';
import { UsageError } from '../options.ts';
import {
  type Asked,
  commonHelp,
  nothingMore,
  print,
  Refused,
  reporting,
  understand,
} from './connection.ts';

const help = `Manage access control lists: who may do what, as kafka-acls does.

Usage: kedge acl list [options]      those that match
       kedge acl add [options]
       kedge acl delete [options]    all that match

Options
  --topic <name>          on a topic; * for all
  --group <name>          on a consumer group
  --transactional-id <id> on a transactional id
  --cluster               on the cluster
  --prefixed              on all whose names begin like that
  --principal <principal> for whom: User:alice, or User:* for everybody
  --operation <operation> to do what: READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, ALL …
  --host <address>        from where (default for add: *)
  --deny                  forbid, which wins over what allows
${commonHelp}

Examples
  kedge acl add --principal User:alice --operation WRITE --topic orders
  kedge acl add --principal User:alice --operation READ --group shop- --prefixed
  kedge acl list --topic orders
`;

export const command: Command = { help, run };

interface Acl {
  readonly resource_type: string;
  readonly resource_name: string;
  readonly pattern_type: string;
  readonly principal: string;
  readonly host: string;
  readonly operation: string;
  readonly permission: string;
}

const flags = {
  topic: { type: 'string' },
  group: { type: 'string' },
  'transactional-id': { type: 'string' },
  cluster: { type: 'boolean' },
  prefixed: { type: 'boolean' },
  principal: { type: 'string' },
  operation: { type: 'string' },
  host: { type: 'string' },
  deny: { type: 'boolean' },
} as const;

async function run(args: readonly string[]): Promise<number> {
  const asked = await understand(args, flags);
  const act = actions[asked.words[0] ?? ''];
  if (act === undefined) throw new UsageError('say what to do: list, add or delete.');
  nothingMore(asked.words);
  return reporting(() => act(asked).catch(explained));
}

/** A Kedge where everybody may do everything has no use for ACLs. */
function explained(error: unknown): never {
  const isOpen = error instanceof Refused && error.message === 'No Authorizer is configured.';
  throw isOpen ? new Refused(`${error.message} ${howToClose}`) : error;
}

const howToClose =
  'Everybody may do everything here: KEDGE_OPEN is true, or it was started on this machine ' +
  'without a KEDGE_TOKEN.';

const actions: Readonly<Record<string, (asked: Asked) => Promise<void>>> = {
  async list(asked) {
    const { kedge, json } = asked;
    const path = `${await kedge.clusterPath()}/acls?${queryOf(asked)}`;
    const { data }: { data: readonly Acl[] } = await kedge.ask('GET', path);
    printAcls(json, data);
  },
  async add(asked) {
    const { kedge, json, flags } = asked;
    const { principal, operation } = flags;
    const resource = resourceOf(asked);
    if (resource === undefined) throw new UsageError('say on what: --topic, --group …');
    if (principal === undefined) throw new UsageError('say for whom: --principal User:….');
    if (operation === undefined) throw new UsageError('say what: --operation READ ….');
    const acl = {
      ...resource,
      pattern_type: flags.prefixed ? 'PREFIXED' : 'LITERAL',
      principal: String(principal),
      host: String(flags.host ?? '*'),
      operation: wordOf(operation),
      permission: flags.deny ? 'DENY' : 'ALLOW',
    };
    await kedge.ask('POST', `${await kedge.clusterPath()}/acls`, acl);
    printAcls(json, [acl]);
  },
  async delete(asked) {
    const { kedge, json } = asked;
    const query = queryOf(asked);
    if (query.size === 0) throw new UsageError('say which: --principal, --topic ….');
    const path = `${await kedge.clusterPath()}/acls?${query}`;
    const { data }: { data: readonly Acl[] } = await kedge.ask('DELETE', path);
    printAcls(json, data);
  },
};

function queryOf(asked: Asked): URLSearchParams {
  const { principal, operation, host, deny, prefixed } = asked.flags;
  const resource = resourceOf(asked);
  const query = new URLSearchParams();
  const set = (name: string, value: string | boolean | undefined) => {
    if (value !== undefined) query.set(name, String(value));
  };
  set('resource_type', resource?.resource_type);
  set('resource_name', resource?.resource_name);
  set('pattern_type', prefixed ? 'PREFIXED' : resource && 'LITERAL');
  set('principal', principal);
  set('host', host);
  set('operation', operation && wordOf(operation));
  set('permission', deny && 'DENY');
  return query;
}

/** At most one, or a UsageError. */
function resourceOf({ flags }: Asked): Pick<Acl, 'resource_type' | 'resource_name'> | undefined {
  const named = ['topic', 'group', 'transactional-id', 'cluster'].filter((one) => flags[one]);
  if (named.length > 1) throw new UsageError(`--${named[0]} and --${named[1]} are two ACLs.`);
  const [kind] = named;
  if (kind === undefined) return undefined;
  const resource_name = kind === 'cluster' ? 'kafka-cluster' : String(flags[kind]);
  return { resource_type: wordOf(kind), resource_name };
}

function wordOf(text: string | boolean): string {
  return String(text).toUpperCase().replaceAll('-', '_');
}

function printAcls(json: boolean, acls: readonly Acl[]): void {
  const rows = acls.map((acl) => [
    acl.permission,
    acl.principal,
    acl.operation,
    acl.resource_type.toLowerCase(),
    acl.pattern_type === 'PREFIXED' ? `${acl.resource_name}…` : acl.resource_name,
    acl.host,
  ]);
  print(json, acls, ['PERMISSION', 'PRINCIPAL', 'OPERATION', 'ON', 'NAME', 'FROM'], rows);
}
