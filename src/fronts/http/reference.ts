/**
 * The reference page: what the routes say of themselves, to be read by people. The surprise: there
 * is no script in it and nothing from elsewhere; it is made here, of the same descriptions as the
 * API's document, and a browser shows it as it comes.
 */
import { html } from 'hono/html';
import type { AnswerDoc, BodyDoc, Doc, ParameterDoc, Schema } from './doc.ts';
import { stylesheet } from './reference-style.ts';
import { operationId, pathNames, templateOf } from './route-names.ts';
import type { Family, HttpContext, Route } from './routes.ts';
import { outline } from './schema-outline.ts';

type Html = ReturnType<typeof html>;

const stylePath = '/docs/reference.css';

/** Nothing but our own style may be loaded, and nobody may frame the page. */
const policy =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'";

/** The page and its style. */
export function referenceRoutes(families: () => readonly Family[]): readonly Route[] {
  const page = async (c: HttpContext) => {
    const { origin } = new URL(c.req.url);
    const text = await pageOf(families(), origin);
    const type = 'text/html; charset=utf-8';
    return new Response(String(text), {
      headers: { 'content-type': type, 'content-security-policy': policy },
    });
  };
  const style = () =>
    new Response(stylesheet, { headers: { 'content-type': 'text/css; charset=utf-8' } });
  return [
    {
      method: 'GET',
      path: '/docs',
      open: true,
      handle: page,
      doc: {
        summary: 'Read the reference of this API',
        answers: { 200: { description: 'A page', type: 'text/html' } },
      },
    },
    {
      method: 'GET',
      path: stylePath,
      open: true,
      handle: style,
      doc: {
        summary: 'Fetch the style of the reference',
        answers: { 200: { description: 'The style', type: 'text/css' } },
      },
    },
  ];
}

function pageOf(families: readonly Family[], origin: string): Html {
  const schemas = Object.assign({}, ...families.map(({ doc }) => doc.schemas ?? {}));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kedge over HTTP</title>
<link rel="stylesheet" href="${stylePath}">
</head>
<body>
<nav>
<h1><a href="#top">Kedge over HTTP</a></h1>
<ul>${families.map(entry)}</ul>
<p><a href="/openapi.json">openapi.json</a></p>
</nav>
<main id="top">
<p>Every door to the same topics. Each dialect has a path of its own and its own words for
errors. Where this Kedge wants to know who you are, say so in every dialect:
<code>Authorization: Bearer …</code> with a token, or <code>Basic</code> with a user and
password.</p>
${families.map((family) => section(family, origin, schemas))}
</main>
</body>
</html>
`;
}

function entry({ name, prefix }: Family): Html {
  return html`<li><a href="#${anchorOf(prefix)}">${name}</a></li>`;
}

type Schemas = Readonly<Record<string, Schema>>;

function section(family: Family, origin: string, schemas: Schemas): Html {
  const { name, prefix, doc, routes } = family;
  const errors = answers({ error: { description: 'What went wrong', ...doc.error } }, schemas);
  return html`<section id="${anchorOf(prefix)}">
<h2>${name}${prefix && html` <code>${prefix}</code>`}</h2>
<p>${prose(doc.description)}</p>
${routes.map((route) => operation(family, route, origin, schemas))}
<details><summary><b>Errors</b></summary>${errors}</details>
</section>
`;
}

function operation(family: Family, route: Route, origin: string, schemas: Schemas): Html {
  const { doc, method } = route;
  const path = templateOf(family, route);
  const parameters = [
    ...pathNames(path).map((name) => ({
      in: 'path',
      name,
      description: doc.path?.[name] ?? '',
      schema: { type: 'string' },
      required: true,
    })),
    ...(doc.parameters ?? []),
  ];
  return html`<details id="${operationId(family, route)}">
<summary><b class="${method.toLowerCase()}">${method}</b> <code>${path}</code>
<span>${doc.summary}</span></summary>
${doc.description && html`<p>${prose(doc.description)}</p>`}
${parameters.length > 0 && html`<h3>Parameters</h3><table>${parameters.map(parameterRow)}</table>`}
${doc.body && bodyPart(doc.body, schemas)}
<h3>Answers</h3>${answers(doc.answers, schemas)}
<h3>For example</h3><pre>${curlOf(method, `${origin}${path}`, doc)}</pre>
</details>
`;
}

type AnyParameter = Omit<ParameterDoc, 'in'> & { readonly in: string };

function parameterRow({ in: place, name, description, schema, required }: AnyParameter): Html {
  return html`<tr><th><code>${name}</code></th><td>${place}${required ? '' : ', optional'}</td>
<td><code>${outline(schema ?? { type: 'string' })}</code></td><td>${prose(description)}</td></tr>`;
}

function bodyPart({ types, schema }: BodyDoc, schemas: Schemas): Html {
  return html`<h3>Body</h3><p>${types.map((type) => html`<code>${type}</code> `)}</p>
<pre>${outline(schema, schemas)}</pre>`;
}

function answers(all: Readonly<Record<string, AnswerDoc>>, schemas: Schemas): Html {
  const rows = Object.entries(all).map(([status, { description, type, schema, headers }]) => {
    const names = Object.entries(headers ?? {});
    const typed = type && html`<code>${type}</code>`;
    return html`<tr><th>${status}</th><td>${prose(description)} ${typed}
${names.map(([name, says]) => html`<div><code>${name}</code>: ${prose(says)}</div>`)}
${schema && html`<pre>${outline(schema, schemas)}</pre>`}</td></tr>`;
  });
  return html`<table>${rows}</table>`;
}

function curlOf(method: Route['method'], target: string, { parameters = [], body }: Doc): string {
  const given = parameters.filter(({ example }) => example !== undefined);
  const query = new URLSearchParams(
    given.filter((one) => one.in === 'query').map(({ name, example }) => [name, String(example)]),
  );
  const url = `${target}${query.size > 0 ? `?${query}` : ''}`;
  const usual = body ? 'POST' : 'GET';
  const how = method === usual ? '' : method === 'HEAD' ? '--head ' : `-X ${method} `;
  const lines = [`curl ${how}'${url}'`];
  for (const { name, example } of given.filter((one) => one.in === 'header')) {
    lines.push(`-H '${name}: ${example}'`);
  }
  if (body) lines.push(`-H 'Content-Type: ${body.types[0]}'`);
  if (body?.example !== undefined) {
    const { example } = body;
    const text = typeof example === 'string' ? example : JSON.stringify(example);
    lines.push(`-d '${text.replaceAll("'", "'\\''")}'`);
  }
  return lines.join(' \\\n  ');
}

/** Descriptions have code between back ticks, and nothing else. */
function prose(text: string): Html[] {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 0 ? html`${part}` : html`<code>${part}</code>`));
}

function anchorOf(prefix: string): string {
  return prefix === '' ? 'kedge' : prefix.slice(1).replaceAll('/', '-');
}
