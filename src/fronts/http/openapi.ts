/**
 * The document of the API, in OpenAPI 3.1, made of what the routes say of themselves. The surprise:
 * it also has what OpenAPI can hardly say, such as GETs with a body; it describes what is answered,
 * and is not what anything is checked by.
 */
import type { AnswerDoc, Doc, ParameterDoc, Schema } from './doc.ts';
import { referenceRoutes } from './reference.ts';
import { version } from './rest/status.ts';
import { operationId, pathNames, templateOf } from './route-names.ts';
import type { Family, Route } from './routes.ts';

type Json = Record<string, unknown>;

/** What is the same for every dialect. */
const head = {
  openapi: '3.1.0',
  info: {
    title: 'Kedge',
    version,
    summary: 'Apache Kafka for Cloudflare’s edge, over HTTP.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  security: [{ bearer: [] }, { basic: [] }],
};

const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'A token, or the owner’s secret.' },
  basic: { type: 'http', scheme: 'basic', description: 'A user of Kafka and the password.' },
  streamToken: {
    type: 'apiKey',
    in: 'query',
    name: 'token',
    description: 'A short-lived token for browsers, where `KEDGE_URL_TOKENS` is true.',
  },
};

/** The families with the document of them all, which is a route of the first. */
export function withDocument([own, ...others]: readonly [Family, ...Family[]]): readonly [
  Family,
  ...Family[],
] {
  let text: string | undefined;
  const route: Route = {
    method: 'GET',
    path: '/openapi.json',
    open: true,
    handle: () => {
      text ??= JSON.stringify(openApi(families));
      return new Response(text, { headers: { 'content-type': 'application/json' } });
    },
    doc: {
      summary: 'Read this document',
      answers: { 200: { description: 'OpenAPI 3.1', type: 'application/json', schema: {} } },
    },
  };
  const families: readonly [Family, ...Family[]] = [
    { ...own, routes: [...own.routes, route, ...referenceRoutes(() => families)] },
    ...others,
  ];
  return families;
}

export function openApi(families: readonly Family[]): Json {
  const paths: Record<string, Json> = {};
  for (const family of families) {
    for (const route of family.routes) {
      const path = templateOf(family, route);
      paths[path] ??= {};
      paths[path][route.method.toLowerCase()] = operation(family, route, route.doc);
    }
  }
  const schemas = Object.assign({}, ...families.map(({ doc }) => doc.schemas ?? {}));
  const tags = families.map(({ name, doc }) => ({ name, description: doc.description }));
  return { ...head, tags, paths, components: { schemas, securitySchemes } };
}

function operation(family: Family, route: Route, doc: Doc): Json {
  const { summary, description, body } = doc;
  const template = templateOf(family, route);
  const parameters = [
    ...pathNames(template).map((name) => pathParameter(name, doc.path?.[name])),
    ...(doc.parameters ?? []).map(parameter),
  ];
  return {
    tags: [family.name],
    operationId: operationId(family, route),
    summary,
    description,
    ...(route.open && { security: [] }),
    ...(route.urlToken && { security: [...head.security, { streamToken: [] }] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: body.required ?? false,
        content: Object.fromEntries(
          body.types.map((type) => [type, { schema: body.schema, example: body.example }]),
        ),
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(doc.answers).map(([status, one]) => [status, answer(one)]),
      ),
      ...errors(family),
    },
  };
}

function pathParameter(name: string, description: string | undefined): Json {
  return { in: 'path', name, required: true, description, schema: { type: 'string' } };
}

function parameter({ schema = { type: 'string' }, ...rest }: ParameterDoc): Json {
  return { ...rest, schema };
}

function answer({ description, type, schema = {}, headers }: AnswerDoc): Json {
  return {
    description,
    ...(type !== undefined && { content: { [type]: { schema } } }),
    ...(headers && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, says]) => [
          name,
          { description: says, schema: { type: 'string' } satisfies Schema },
        ]),
      ),
    }),
  };
}

/** Whatever else is answered is an error, in the dialect's words. */
function errors({ doc }: Family): Json {
  const { type, schema } = doc.error;
  return { default: answer({ description: 'What went wrong', type, schema }) };
}
