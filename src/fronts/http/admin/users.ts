/**
 * Users over HTTP: the same that `kafka-configs` manages, with a password in the place of its keys.
 * The surprise: what is kept are the keys of SCRAM, for both of its hashes, so that a user may come
 * in by every mechanism; the password itself is kept nowhere.
 */
import { tokenUser } from '../../../broker/authenticator.ts';
import { owner } from '../../../broker/authorizer.ts';
import { newCredential, usualIterations } from '../../../broker/scram-keys.ts';
import {
  type DescribedUser,
  ScramMechanism,
  type ScramUpsertion,
} from '../../../core/cluster/scram-credentials.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { readJsonObject } from '../body.ts';
import { checkFields, checkInteger, checkString, optional } from '../check.ts';
import type { BodyDoc, Doc } from '../doc.ts';
import { fromKafka, HttpError, invalid } from '../errors.ts';
import { type HttpContext, jsonResponse, type Route } from '../routes.ts';
import { list, object, one, text, whole } from '../schemas.ts';
import { forbidden, isSelf, mayAlter, mayDescribe } from './rights.ts';

export const json = 'application/json';

const mechanismNames = new Map<number, string>([
  [ScramMechanism.SCRAM_SHA_256, 'SCRAM-SHA-256'],
  [ScramMechanism.SCRAM_SHA_512, 'SCRAM-SHA-512'],
]);

async function listUsers(c: HttpContext): Promise<Response> {
  if (!(await mayDescribe(c))) throw forbidden();
  const results = await described(c, null);
  return jsonResponse({ users: results.map(userToJson) }, 200, json);
}

async function getUser(c: HttpContext): Promise<Response> {
  const name = c.req.param('user')!;
  if (!(isSelf(c, userCalled(name)) || (await mayDescribe(c)))) throw forbidden();
  const [user] = await described(c, [name]);
  if (user.errorCode === ErrorCode.RESOURCE_NOT_FOUND) throw noSuchUser();
  if (user.errorCode !== ErrorCode.NONE) throw fromKafka(user.errorCode, user.errorMessage);
  return jsonResponse(userToJson(user), 200, json);
}

async function setPassword(c: HttpContext): Promise<Response> {
  const name = c.req.param('user')!;
  const isOwn = isSelf(c, userCalled(name)) && c.get('kafka').identity.hasPassword;
  if (!isOwn && !(await mayAlter(c))) throw forbidden();
  checkName(c, name);
  const { password, iterations } = parsePassword(await readJsonObject(c.req.raw));
  for (const mechanism of mechanismNames.keys()) {
    const credential = await newCredential(mechanism, password, iterations);
    await alter(c, { upsertions: [{ name, mechanism, ...credential }] });
  }
  return new Response(null, { status: 204 });
}

async function deleteUser(c: HttpContext): Promise<Response> {
  const name = c.req.param('user')!;
  if (!(await mayAlter(c))) throw forbidden();
  const [{ credentialInfos }] = await described(c, [name]);
  if (credentialInfos.length === 0) throw noSuchUser();
  for (const { mechanism } of credentialInfos) {
    await alter(c, { deletions: [{ name, mechanism }] });
  }
  return new Response(null, { status: 204 });
}

/** One credential a time: of two in one request Kafka takes none. */
async function alter(
  c: HttpContext,
  change: {
    readonly upsertions?: readonly ScramUpsertion[];
    readonly deletions?: readonly { readonly name: string; readonly mechanism: number }[];
  },
): Promise<void> {
  const { objects, credentials } = c.get('kafka').context;
  const command = { upsertions: [], deletions: [], ...change };
  const reply = await objects.controller().call('alterScramCredentials', command);
  credentials.changed();
  const [{ errorCode, errorMessage }] = reply.results;
  if (errorCode !== ErrorCode.NONE) throw fromKafka(errorCode, errorMessage);
}

async function described(
  c: HttpContext,
  users: readonly string[] | null,
): Promise<readonly DescribedUser[]> {
  const { objects } = c.get('kafka').context;
  const { results } = await objects.controller().call('describeScramCredentials', { users });
  return results;
}

const leastIterations = usualIterations;
const mostIterations = 16_384;

function parsePassword(body: Awaited<ReturnType<typeof readJsonObject>>) {
  if (body === undefined) throw invalid('password may not be null');
  checkFields(body, ['password', 'iterations']);
  const password = checkString(body.password, 'password');
  if (password === '') throw invalid('password may not be empty');
  const iterations = optional(body.iterations, (value) =>
    checkInteger(value, 'iterations', leastIterations),
  );
  if (iterations !== undefined && iterations > mostIterations) {
    throw invalid(`iterations must be less than or equal to ${mostIterations}`);
  }
  return { password, iterations };
}

/** Some names are nobody's to give a password to. */
function checkName(c: HttpContext, name: string): void {
  if (name === tokenUser) throw invalid(`${name} is the user whose password is a token`);
  if (name === owner.name && c.env.access.token !== undefined) {
    throw invalid(`the password of ${name} is KEDGE_TOKEN`);
  }
}

function userCalled(name: string) {
  return { type: 'User', name };
}

function noSuchUser(): HttpError {
  return new HttpError(404, 40404, 'There is no such user.');
}

function userToJson({ user, credentialInfos }: DescribedUser) {
  const mechanisms = credentialInfos.map(({ mechanism, iterations }) => {
    return { mechanism: mechanismNames.get(mechanism)!, iterations };
  });
  return { name: user, mechanisms };
}

const userSchema = object({
  name: text,
  mechanisms: list(object({ mechanism: one(...mechanismNames.values()), iterations: whole })),
});
const passwordBody: BodyDoc = {
  types: [json],
  schema: object({ password: text }, { iterations: whole }),
  required: true,
  example: { password: 'a long sentence is best' },
};
const path = { user: 'The name of the user.' };
const missing = { description: 'There is no such user.', type: json };

const docs = {
  list: {
    summary: 'List the users',
    answers: {
      200: { description: 'All.', type: json, schema: object({ users: list(userSchema) }) },
    },
  },
  get: {
    summary: 'Describe a user',
    path,
    answers: { 200: { description: 'It.', type: json, schema: userSchema }, 404: missing },
  },
  put: {
    summary: 'Create a user, or set its password',
    description: 'For all mechanisms. Who shows the old password may set another.',
    path,
    body: passwordBody,
    answers: { 204: { description: 'The password is set.' } },
  },
  delete: {
    summary: 'Delete a user',
    description: 'Its ACLs and tokens stay.',
    path,
    answers: { 204: { description: 'It is gone.' }, 404: missing },
  },
} as const satisfies Record<string, Doc>;

export const userRoutes: readonly Route[] = [
  { method: 'GET', path: '/users', handle: listUsers, doc: docs.list },
  { method: 'GET', path: '/users/:user', handle: getUser, doc: docs.get },
  { method: 'PUT', path: '/users/:user', handle: setPassword, doc: docs.put },
  { method: 'DELETE', path: '/users/:user', handle: deleteUser, doc: docs.delete },
];
