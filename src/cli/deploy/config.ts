/**
 * The wrangler.toml of a deployed Kedge. The surprise: it has two owners. Between the marks stands
 * which Worker it is and what that is bound to, made of the wrangler.toml that comes with Kedge and
 * written anew by every `kedge deploy`, so that a newer Kedge brings its migrations along; the rest
 * is the reader's own and is never touched again.
 */
import { Refused } from '../usage.ts';

export interface Deployment {
  readonly name: string;
  /** Custom domains. */
  readonly domains: readonly string[];
  /** Patterns of routes: `example.com/kafka*`. */
  readonly routes: readonly string[];
  readonly vars: Readonly<Record<string, string>>;
}

const [begin, end] = ['# >>> Kedge: written anew by every kedge deploy', '# <<< Kedge'];
const betweenMarks = new RegExp(`^${begin}$.*?^${end}$`, 'gms');

const opening = `# A Kedge on Cloudflare. kedge deploy wrote this file, and writes the lines between
# the marks (>>> and <<<) anew each time. All else is yours to change: settings of Kafka and of
# Kedge's, KAFKA_… and KEDGE_…, are set under "vars".`;

/** A first one. `template`: the one that comes with Kedge; `main`: the script of its Worker. */
export function newConfig(template: string, main: string, wanted: Deployment): string {
  const { worker, objects, others } = partsOf(template, main);
  const parts = [
    opening,
    [nameLine(wanted.name), ...routeLines(wanted)].join('\n'),
    marked(worker),
    ...others,
    ['[vars]', ...Object.entries(wanted.vars).map(varLine)].join('\n'),
    marked(objects),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** The same file, with what is between the marks as it is now. Throws Refused without marks. */
export function renewedConfig(existing: string, template: string, main: string): string {
  const { worker, objects } = partsOf(template, main);
  const parts = [marked(worker), marked(objects)];
  if (existing.match(betweenMarks)?.length !== parts.length) {
    throw new Refused(
      'wrangler.toml has lost the marks (>>> and <<<) that kedge deploy writes between: put them ' +
        'back, or say --force to have the whole file written anew.',
    );
  }
  const unknown = migrationsIn(existing).find((tag) => !migrationsIn(template).includes(tag));
  if (unknown !== undefined) {
    throw new Refused(
      `wrangler.toml was written by a newer Kedge, whose migration ${unknown} this one does not ` +
        'know: install that one, or a newer one still.',
    );
  }
  return existing.replace(betweenMarks, () => parts.shift()!);
}

const migrationsIn = (text: string): string[] =>
  [...text.matchAll(/^\[\[migrations\]\]\s*^tag = "(.*)"$/gm)].map(([, tag]) => tag);

/** Whether `kedge deploy` wrote it. */
export function isOurs(text: string): boolean {
  return text.includes(begin);
}

/** What is wanted and the file says otherwise, or not at all; as it would be written there. */
export function missingFrom(existing: string, wanted: Partial<Deployment>): string[] {
  const own = existing.replace(betweenMarks, '');
  const lines = own.split('\n').map((line) => line.trim());
  const { name, domains = [], routes = [], vars = {} } = wanted;
  return [
    ...(name === undefined || lines.includes(nameLine(name)) ? [] : [nameLine(name)]),
    ...[...domains.map(domainEntry), ...routes.map(routeEntry)].filter((one) => !own.includes(one)),
    ...Object.entries(vars)
      .map(varLine)
      .filter((line) => !lines.includes(line)),
  ];
}

/** What the Worker is called. Throws Refused where the file does not say. */
export function nameIn(text: string): string {
  const [, name] = /^name\s*=\s*["']([^"']+)["']/m.exec(text) ?? [];
  if (name === undefined) throw new Refused('wrangler.toml does not say the name of the Worker.');
  return name;
}

/** By its blank lines, which is how that file is written. */
function partsOf(template: string, main: string) {
  const [top, ...tables] = template.trim().split(/\n\s*\n/);
  const worker = top
    .split('\n')
    .filter((line) => !/^name\s*=/.test(line))
    .map((line) => (/^main\s*=/.test(line) ? `main = ${text(main)}` : line));
  const isObservability = (table: string) => table.includes('[observability]');
  return {
    worker: worker.join('\n'),
    others: tables.filter(isObservability),
    objects: tables.filter((table) => !isObservability(table)).join('\n\n'),
  };
}

const marked = (lines: string): string => `${begin}\n${lines}\n${end}`;
const text = (value: string): string => JSON.stringify(value);
const nameLine = (name: string): string => `name = ${text(name)}`;
const varLine = ([name, value]: readonly [string, string]): string => `${name} = ${text(value)}`;
const domainEntry = (domain: string): string =>
  `{ pattern = ${text(domain)}, custom_domain = true }`;
const routeEntry = (pattern: string): string => text(pattern);

function routeLines({ domains, routes }: Deployment): string[] {
  const entries = [...domains.map(domainEntry), ...routes.map(routeEntry)];
  return entries.length === 0 ? [] : [`routes = [${entries.join(', ')}]`];
}
