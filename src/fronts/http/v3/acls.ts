/**
 * REST v3: access control lists. The surprise: an ACL has no name of its own, so that its address
 * is the search that finds it and nothing else.
 */
import type { Acl } from '../../../core/acl-rules.ts';
import type { AclFilter } from '../../../core/cluster/acls.ts';
import { AclOperation, AclPattern, AclPermission, AclResourceType } from '../../../protocol/acl.ts';
import { createAcls } from '../../../protocol/apis/create-acls.ts';
import { deleteAcls } from '../../../protocol/apis/delete-acls.ts';
import { describeAcls } from '../../../protocol/apis/describe-acls.ts';
import { checkFields, checkList, checkObject, checkString } from '../check.ts';
import { HttpError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { HttpContext, Route } from '../routes.ts';
import { list, object, one, text } from '../schemas.ts';
import { answers, body, clusterPath, resourceOf, resourcesOf, route } from './route.ts';
import { type Cluster, checkCode, clusterAt, json, listOf, requireBody } from './shapes.ts';

type Names = Readonly<Record<string, number>>;

async function searchAcls(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const filter = parseFilter(c);
  const { errorCode, errorMessage, resources } = await c
    .get('kafka')
    .call(describeAcls, filterRequest(filter));
  checkCode(errorCode, errorMessage);
  const acls = resources.flatMap(({ acls, ...pattern }) =>
    acls.map((entry) => ({ ...pattern, ...entry })),
  );
  return listOf('KafkaAclList', urlOf(filter, cluster), aclsToJson(acls, cluster));
}

async function createAcl(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const acl = parseAcl(await requireBody(c, fields), '');
  await create(c, [acl]);
  return new Response(null, { status: 201, headers: { location: urlOf(acl, cluster) } });
}

/** All that are well-formed are created; the first that is refused is told. */
async function createManyAcls(c: HttpContext): Promise<Response> {
  await clusterAt(c);
  const { data } = await requireBody(c, ['data']);
  const acls = checkList(data, 'data').map((item, index) => {
    const acl = checkObject(item, `data[${index}]`);
    checkFields(acl, fields);
    return parseAcl(acl, `data[${index}].`);
  });
  await create(c, acls);
  return new Response(null, { status: 201 });
}

async function deleteMatchingAcls(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const filters = [filterRequest(parseFilter(c))];
  const [result] = (await c.get('kafka').call(deleteAcls, { filters })).filterResults;
  checkCode(result.errorCode, result.errorMessage);
  for (const { errorCode, errorMessage } of result.matchingAcls) {
    checkCode(errorCode, errorMessage);
  }
  return json({ data: aclsToJson(result.matchingAcls, cluster) });
}

async function create(c: HttpContext, acls: readonly Acl[]): Promise<void> {
  const creations = acls.map(({ patternType, ...acl }) => ({
    ...acl,
    resourcePatternType: patternType,
  }));
  const { results } = await c.get('kafka').call(createAcls, { creations });
  for (const { errorCode, errorMessage } of results) checkCode(errorCode, errorMessage);
}

function filterRequest(filter: AclFilter) {
  return {
    resourceTypeFilter: filter.resourceType,
    resourceNameFilter: filter.resourceName,
    patternTypeFilter: filter.patternType,
    principalFilter: filter.principal,
    hostFilter: filter.host,
    operation: filter.operation,
    permissionType: filter.permissionType,
  };
}

/** What is left out, or empty, is anything. */
function parseFilter(c: HttpContext): AclFilter {
  const asked = (name: string) => c.req.query(name) || null;
  const code = (name: string, names: Names) =>
    codeOf(asked(name) ?? 'ANY', name, names, ['UNKNOWN']);
  return {
    resourceType: code('resource_type', AclResourceType),
    resourceName: asked('resource_name'),
    patternType: code('pattern_type', AclPattern),
    principal: asked('principal'),
    host: asked('host'),
    operation: code('operation', AclOperation),
    permissionType: code('permission', AclPermission),
  };
}

const fields = [
  'resource_type',
  'resource_name',
  'pattern_type',
  'principal',
  'host',
  'operation',
  'permission',
];

function parseAcl(given: JsonObject, where: string): Acl {
  const asked = (name: string) => checkString(given[name], `${where}${name}`);
  const code = (name: string, names: Names, no: readonly string[] = ['UNKNOWN', 'ANY']) =>
    codeOf(asked(name), `${where}${name}`, names, no);
  return {
    resourceType: code('resource_type', AclResourceType),
    resourceName: asked('resource_name'),
    patternType: code('pattern_type', AclPattern, ['UNKNOWN', 'ANY', 'MATCH']),
    principal: asked('principal'),
    host: asked('host'),
    operation: code('operation', AclOperation),
    permissionType: code('permission', AclPermission),
  };
}

function codeOf(asked: string, where: string, names: Names, no: readonly string[]): number {
  const name = asked.toUpperCase();
  if (no.includes(name)) throw new HttpError(400, 400, `${where} cannot be ${name}`);
  const code = names[name];
  if (code !== undefined) return code;
  const choices = Object.keys(names).filter((each) => !no.includes(each));
  throw new HttpError(400, 400, `${where} must be one of ${choices.join(', ')}`);
}

const nameOf = (names: Names, code: number): string =>
  Object.keys(names).find((name) => names[name] === code) ?? 'UNKNOWN';

/** In Kafka's words. */
function wordsOf(acl: AclFilter) {
  return {
    resource_type: nameOf(AclResourceType, acl.resourceType),
    resource_name: acl.resourceName ?? '',
    pattern_type: nameOf(AclPattern, acl.patternType),
    principal: acl.principal ?? '',
    host: acl.host ?? '',
    operation: nameOf(AclOperation, acl.operation),
    permission: nameOf(AclPermission, acl.permissionType),
  };
}

function urlOf(acl: AclFilter, { url }: Cluster): string {
  return `${url}/acls?${new URLSearchParams(wordsOf(acl))}`;
}

function aclsToJson(acls: readonly Acl[], cluster: Cluster) {
  return [...acls].sort(byEverything).map((acl) => ({
    kind: 'KafkaAcl',
    metadata: { self: urlOf(acl, cluster), resource_name: null },
    cluster_id: cluster.id,
    ...wordsOf(acl),
  }));
}

function byEverything(a: Acl, b: Acl): number {
  const parts = (acl: Acl) => [
    acl.resourceType,
    acl.resourceName,
    acl.patternType,
    acl.principal,
    acl.host,
    acl.operation,
    acl.permissionType,
  ];
  const others = parts(b);
  const index = parts(a).findIndex((part, at) => part !== others[at]);
  if (index < 0) return 0;
  return parts(a)[index] < others[index] ? -1 : 1;
}

const choices = (names: Names, no: readonly string[]) =>
  one(...Object.keys(names).filter((name) => !no.includes(name)));
const aclFields = {
  resource_type: choices(AclResourceType, ['UNKNOWN', 'ANY']),
  resource_name: text,
  pattern_type: choices(AclPattern, ['UNKNOWN', 'ANY', 'MATCH']),
  principal: text,
  host: text,
  operation: choices(AclOperation, ['UNKNOWN', 'ANY']),
  permission: choices(AclPermission, ['UNKNOWN', 'ANY']),
};
const example = {
  resource_type: 'TOPIC',
  resource_name: 'orders',
  pattern_type: 'LITERAL',
  principal: 'User:alice',
  host: '*',
  operation: 'READ',
  permission: 'ALLOW',
};
const aclSchema = resourceOf('KafkaAcl', aclFields);
const query = (name: string, description: string, schema = text) =>
  ({ in: 'query', name, description, schema }) as const;
const filters = [
  query('resource_type', 'Kind of resource.', choices(AclResourceType, ['UNKNOWN'])),
  query('resource_name', 'Its name, or how it begins.'),
  query('pattern_type', 'How the name is meant.', choices(AclPattern, ['UNKNOWN'])),
  query('principal', 'Whom it is about, for example User:alice.'),
  query('host', 'Where from.'),
  query('operation', 'What is to be done.', choices(AclOperation, ['UNKNOWN'])),
  query('permission', 'Whether it may be.', choices(AclPermission, ['UNKNOWN'])),
];
const aclsPath = `${clusterPath}/acls`;

export const aclRoutes: readonly Route[] = [
  route('GET', aclsPath, searchAcls, {
    summary: 'Search ACLs',
    parameters: filters,
    answers: answers(resourcesOf('KafkaAclList', aclSchema), 'The ACLs.'),
  }),
  route('POST', aclsPath, createAcl, {
    summary: 'Create an ACL',
    body: body(object(aclFields), example),
    answers: { 201: { description: 'It is there, where Location says.' } },
  }),
  route('POST', `${aclsPath}:batch`, createManyAcls, {
    summary: 'Create ACLs',
    body: body(object({ data: list(object(aclFields)) }), { data: [example] }),
    answers: { 201: { description: 'They are there.' } },
  }),
  route('DELETE', aclsPath, deleteMatchingAcls, {
    summary: 'Delete ACLs',
    parameters: filters,
    answers: answers(object({ data: list(aclSchema) }), 'The ACLs that were there.'),
  }),
];
