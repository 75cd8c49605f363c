/** `kedge acl`: what those who come in may do. */
import type { Acl, AclFilter } from '../../client/admin/security.ts';
import { AclOperation } from '../../protocol/acl.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { command as action, group, type Options, type Values } from '../command.ts';
import type { Output } from '../output.ts';
import { Refused, suggestion, UsageError } from '../usage.ts';

const flags = {
  topic: { value: 'name', summary: 'on a topic; * for all', complete: 'topic' },
  group: { value: 'name', summary: 'on a consumer group; * for all', complete: 'group' },
  'transactional-id': { value: 'id', summary: 'on a transactional id' },
  user: { value: 'name', summary: 'on a user, for tokens that are made for somebody' },
  cluster: { summary: 'on the cluster' },
  prefixed: { summary: 'on all whose names begin like that' },
  principal: { value: 'principal', summary: 'for whom: User:alice, or User:* for everybody' },
  operation: {
    value: 'operation',
    summary: 'to do what: READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, ALL …',
    parse: operationOf,
  },
  host: { value: 'address', summary: 'from where (default for add: *)' },
  deny: { summary: 'forbid, which wins over what allows' },
} as const satisfies Options;

type Flags = Values<typeof flags>;

const list = action({
  name: 'list',
  summary: 'list the ACLs that match, or all',
  options: flags,
  connects: true,
  examples: [{ command: 'kedge acl list --topic orders' }],
  async run({ options, output, connect }) {
    const { admin } = await connect();
    printAcls(output, await admin.describeAcls(filterOf(options)).catch(explained));
  },
});

const add = action({
  name: 'add',
  summary: 'let somebody do something, or forbid it',
  options: flags,
  connects: true,
  examples: [
    { command: 'kedge acl add --principal User:alice --operation WRITE --topic orders' },
    { command: 'kedge acl add --principal User:alice --operation READ --group shop- --prefixed' },
  ],
  async run({ options, output, connect }) {
    const { principal, operation } = options;
    const resource = resourceOf(options);
    if (resource === undefined) throw new UsageError('say on what: --topic, --group …');
    if (principal === undefined) throw new UsageError('say for whom: --principal User:….');
    if (operation === undefined) throw new UsageError('say what: --operation READ ….');
    const acl: Acl = {
      ...resource,
      pattern: options.prefixed ? 'PREFIXED' : 'LITERAL',
      principal,
      host: options.host ?? '*',
      operation,
      permission: options.deny ? 'DENY' : 'ALLOW',
    };
    const { admin } = await connect();
    await admin.createAcls([acl]).catch(explained);
    printAcls(output, [acl]);
  },
});

const remove = action({
  name: 'delete',
  summary: 'delete all ACLs that match',
  options: flags,
  connects: true,
  examples: [{ command: 'kedge acl delete --principal User:alice --topic orders' }],
  async run({ options, output, connect }) {
    const filter = filterOf(options);
    if (Object.keys(filter).length === 0) {
      throw new UsageError('say which: --principal, --topic ….');
    }
    const { admin } = await connect();
    printAcls(output, await admin.deleteAcls(filter).catch(explained));
  },
});

export const command = group({
  name: 'acl',
  summary: 'manage who may do what',
  description: 'Access control lists, as kafka-acls manages them.',
  commands: [list, add, remove],
});

/** Where everybody may do everything there is no use for ACLs. */
function explained(error: unknown): never {
  const isOpen = error instanceof KafkaError && error.code === ErrorCode.SECURITY_DISABLED;
  throw isOpen ? new Refused(`${error.message} ${howToClose}`) : error;
}

const howToClose =
  'Everybody may do everything here: in a Kedge KEDGE_OPEN is true, or it was started on this ' +
  'machine without a KEDGE_TOKEN.';

function filterOf(options: Flags): AclFilter {
  const { principal, operation, host, deny, prefixed } = options;
  const resource = resourceOf(options);
  return {
    ...resource,
    ...(prefixed ? { pattern: 'PREFIXED' } : resource && { pattern: 'LITERAL' }),
    ...(principal !== undefined && { principal }),
    ...(host !== undefined && { host }),
    ...(operation !== undefined && { operation }),
    ...(deny && { permission: 'DENY' }),
  };
}

/** At most one, or a UsageError. */
function resourceOf(options: Flags): Pick<Acl, 'resourceType' | 'resourceName'> | undefined {
  const kinds = ['topic', 'group', 'transactional-id', 'user', 'cluster'] as const;
  const named = kinds.filter((one) => options[one]);
  if (named.length > 1) throw new UsageError(`--${named[0]} and --${named[1]} are two ACLs.`);
  const [kind] = named;
  if (kind === undefined) return undefined;
  const resourceName = kind === 'cluster' ? 'kafka-cluster' : options[kind]!;
  return { resourceType: wordOf(kind) as Acl['resourceType'], resourceName };
}

function operationOf(text: string): Acl['operation'] {
  const word = wordOf(text);
  if (Object.hasOwn(AclOperation, word)) return word as Acl['operation'];
  const advice = suggestion(word, Object.keys(AclOperation)) || '';
  throw new UsageError(`must be an operation such as READ or WRITE, not '${text}'${advice}`);
}

function wordOf(text: string): string {
  return text.toUpperCase().replaceAll('-', '_');
}

function printAcls(output: Output, acls: readonly Acl[]): void {
  output.table(acls, [
    { title: 'PERMISSION', of: ({ permission }) => permission },
    { title: 'PRINCIPAL', of: ({ principal }) => principal },
    { title: 'OPERATION', of: ({ operation }) => operation },
    { title: 'ON', of: ({ resourceType }) => resourceType.toLowerCase() },
    {
      title: 'NAME',
      of: ({ pattern, resourceName }) =>
        pattern === 'PREFIXED' ? `${resourceName}…` : resourceName,
    },
    { title: 'FROM', of: ({ host }) => host },
  ]);
}
