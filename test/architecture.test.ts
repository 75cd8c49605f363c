/**
 * The house rules, enforced: who may import whom, what the pure floors must not touch, how large
 * things may grow, and that every Kafka API stands under one name on three floors. A change of
 * design is a change of this file.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Files git tracks, or would track: what a reader of the repository sees. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const sources = files.filter((file) => /^src\/.*\.ts$/.test(file));

/** For each folder of src: the folders it may import, and those it may import types from. */
const mayImport: Record<string, { values: string[]; types?: string[]; outside?: RegExp }> = {
  bytes: { values: [], outside: /^(node:zlib|snappyjs)$/ },
  protocol: { values: ['bytes'] },
  core: { values: ['protocol', 'bytes'] },
  runtime: {
    values: ['core', 'protocol', 'bytes'],
    types: ['objects'],
    outside: /^(cloudflare:workers)$/,
  },
  objects: { values: ['runtime', 'core', 'protocol', 'bytes'], outside: /^cloudflare:workers$/ },
  broker: {
    values: ['runtime', 'core', 'protocol', 'bytes'],
    types: ['objects'],
    outside: /^jose$/,
  },
  'fronts/kafka': { values: ['broker', 'runtime', 'core', 'protocol', 'bytes'] },
  // What carries Kafka's frames has them answered where sockets have.
  'fronts/http': {
    values: ['fronts/kafka', 'broker', 'runtime', 'core', 'protocol', 'bytes'],
    outside: /^hono(\/.*)?$/,
  },
  'fronts/rpc': {
    values: ['fronts/kafka', 'broker', 'runtime', 'core', 'protocol', 'bytes'],
    outside: /^cloudflare:workers$/,
  },
  'fronts/push': { values: ['broker', 'runtime', 'core', 'protocol', 'bytes'] },
  client: { values: ['core', 'protocol', 'bytes'], types: ['fronts/http', 'fronts/rpc'] },
  'client/push.ts': { values: ['client'], outside: /^cloudflare:workers$/ },
  // A Kedge on this machine, for the command line and for test suites.
  local: {
    values: ['runtime', 'core', 'protocol', 'bytes'],
    outside: /^(node:|esbuild$)/,
  },
  cli: {
    values: ['testing', 'local', 'client', 'runtime', 'core', 'protocol', 'bytes'],
    outside: /^(node:|esbuild$)/,
  },
  testing: {
    values: ['local', 'client', 'runtime', 'core', 'protocol', 'bytes'],
    outside: /^node:/,
  },
  'testing/vitest.ts': { values: ['testing'], outside: /^vitest$/ },
  'testing/vitest-global.ts': { values: ['testing'], outside: /^vitest\/node$/ },
  // What a Kedge for tests can be told; never part of what is deployed.
  'fronts/test': {
    values: ['fronts/http', 'broker', 'runtime', 'core', 'protocol', 'bytes'],
    outside: /^(cloudflare:workers|hono)$/,
  },
  'wiring.ts': {
    values: [
      'fronts/kafka',
      'fronts/http',
      'fronts/push',
      'fronts/rpc',
      'broker',
      'objects',
      'runtime',
    ],
    outside: /^cloudflare:workers$/,
  },
  'worker.ts': {
    values: ['wiring.ts', 'fronts/http', 'broker', 'objects', 'runtime'],
  },
  'testing-worker.ts': {
    values: ['wiring.ts', 'fronts/test', 'fronts/http', 'objects', 'runtime'],
    types: ['core'],
    outside: /^cloudflare:workers$/,
  },
};

function folderOf(file: string): string {
  const [, first, second] = file.split('/');
  return first === 'fronts' ? `${first}/${second}` : first;
}

interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
}

function importsOf(text: string): Import[] {
  const statements = text.matchAll(
    /^\s*(import|export)\s+(type\s+)?(?:[^'"();]*?\sfrom\s+)?['"]([^'"]+)['"]/gm,
  );
  const dynamic = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g);
  return [
    ...[...statements].map((match) => ({ target: match[3], typeOnly: match[2] !== undefined })),
    ...[...dynamic].map((match) => ({ target: match[1], typeOnly: false })),
  ];
}

/** The violations of the import table by one file with this text. */
function importViolations(file: string, text: string): string[] {
  const folder = folderOf(file);
  const rule = mayImport[file.slice('src/'.length)] ?? mayImport[folder];
  if (!rule) return [`${file}: no rule for src/${folder}; add it to the table`];
  const found: string[] = [];
  for (const { target, typeOnly } of importsOf(text)) {
    if (!target.startsWith('.')) {
      const allowed = rule.outside?.test(target) || target === '@cloudflare/workers-types';
      if (!allowed) found.push(`${file}: may not import ${target}`);
      continue;
    }
    const into = folderOf(posix.join(posix.dirname(file), target));
    const allowed =
      into === folder || rule.values.includes(into) || (typeOnly && rule.types?.includes(into));
    if (!allowed) found.push(`${file}: may not import ${target}`);
  }
  return found;
}

/** What measures Kedge does so from outside, as a test does, and nothing leans on it. */
const benchImports = new RegExp(
  [
    '^(node:|bench/|src/(protocol|bytes|local)/|src/worker\\.ts$',
    // What is measured by itself.
    'src/core/log/',
    'test/(kafka|simulation/world|package|compat|cost)/',
    'test/(kedge-process|cli/processes)\\.ts$',
    // In the text of a Worker to measure Kedge by, and of a program that uses it.
    'cloudflare:workers$|kedge/testing$|esbuild$|miniflare$)',
  ].join('|'),
);

describe('floors', () => {
  it('lets benchmarks drive Kedge from outside', () => {
    const outside = files
      .filter((file) => /^bench\/.*\.ts$/.test(file))
      .flatMap((file) => importsOf(read(file)).map(({ target }) => ({ file, target })))
      .map(({ file, target }) => ({
        file,
        target: target.startsWith('.') ? posix.join(posix.dirname(file), target) : target,
      }))
      .filter(({ target }) => !benchImports.test(target));
    expect(outside).toEqual([]);
    const leaning = sources.filter((file) => /['"](\.\.\/)+bench\//.test(read(file)));
    expect(leaning).toEqual([]);
  });

  it('imports only what the table allows', () => {
    expect(sources.flatMap((file) => importViolations(file, read(file)))).toEqual([]);
  });

  it('flags an import of a higher floor', () => {
    const bad = "import { Broker } from '../../broker/broker.ts';\n";
    expect(importViolations('src/core/log/append.ts', bad)).toHaveLength(1);
    expect(importViolations('src/core/log/append.ts', "import 'cloudflare:workers';")).toHaveLength(
      1,
    );
  });

  it('keeps siblings apart: an API or a handler never imports another', () => {
    const found = sources
      .filter((file) => /^src\/(protocol\/apis|broker\/handlers)\//.test(file))
      .filter((file) => !file.endsWith('/index.ts'))
      .flatMap((file) =>
        importsOf(read(file))
          .filter(({ target }) => /^\.\/[^/]+$/.test(target))
          .map(({ target }) => `${file}: ${target}`),
      );
    expect(found).toEqual([]);
  });
});

/**
 * Words that have no place where decisions are made: they bring in time, chance or the outside
 * world.
 */
const impure: [string, RegExp][] = [
  ['async', /\basync\b|\bawait\b|\bPromise\b/],
  ['time', /\bDate\b|\bperformance\.|\bsetTimeout\b|\bsetInterval\b|\bqueueMicrotask\b/],
  ['chance', /\bMath\.random\b|\bcrypto\b/],
  ['outside', /(?<![.\w])fetch\(|\bconsole\b|cloudflare:/],
];

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}

describe('the pure floors', () => {
  it('have no clock, no chance, no promises and no outside world', () => {
    const found = sources
      .filter((file) => /^src\/(core|protocol|bytes)\//.test(file))
      .flatMap((file) => {
        const code = withoutComments(read(file));
        return impure.filter(([, word]) => word.test(code)).map(([name]) => `${file}: ${name}`);
      });
    expect(found).toEqual([]);
  });

  it('flags a clock', () => {
    expect(impure.some(([, word]) => word.test(withoutComments('const t = Date.now();')))).toBe(
      true,
    );
  });
});

describe('the clock', () => {
  it('is asked in one place by all that runs in the Worker', () => {
    const asks = /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/;
    const found = sources
      .filter((file) => /^src\/(runtime|objects|broker|fronts|[^/]+\.ts$)/.test(file))
      .filter((file) => file !== 'src/runtime/clock.ts' && asks.test(withoutComments(read(file))));
    expect(found).toEqual([]);
  });

  it('sets every alarm', () => {
    const found = sources
      .filter((file) => /\bstorage\.(get|set)Alarm\b/.test(withoutComments(read(file))))
      .filter(
        (file) =>
          !/^src\/(runtime\/meters|fronts\/test\/controlled-object|testing-worker)\.ts$/.test(file),
      );
    expect(found).toEqual([]);
  });
});

describe('sizes', () => {
  const code = files.filter((file) => /^(src|test|bench|build|bin)\/.*\.(ts|mjs|cjs)$/.test(file));

  it('keeps files under 500 lines', () => {
    const long = code.filter((file) => read(file).split('\n').length > 501);
    expect(long).toEqual([]);
  });

  it('keeps lines within 100 columns', () => {
    const wide = code.flatMap((file) =>
      read(file)
        .split('\n')
        .map((line, index) => ({ line, where: `${file}:${index + 1}` }))
        .filter(({ line }) => line.length > 100)
        .filter(({ line }) => !/['"`][^'"`]{60,}['"`]|^(im|ex)port |https?:/.test(line))
        .map(({ where }) => where),
    );
    expect(wide).toEqual([]);
  });

  it('opens each source file with what it is', () => {
    const opened = files.filter((file) => /^(src|bench|build)\/.*\.ts$/.test(file));
    const silent = opened.filter((file) => !/^(#!.*\n)?\s*\/\*\*/.test(read(file)));
    expect(silent).toEqual([]);
  });
});

describe('symmetry', () => {
  const namesIn = (folder: string): string[] =>
    sources
      .filter((file) => posix.dirname(file) === folder)
      .map((file) => posix.basename(file, '.ts'))
      .filter((name) => name !== 'index')
      .sort();

  it('has a handler for every API it describes, under the same name', () => {
    expect(namesIn('src/broker/handlers')).toEqual(namesIn('src/protocol/apis'));
  });

  it('has a test for every handler', () => {
    const untested = namesIn('src/broker/handlers').filter(
      (name) => !files.includes(`test/broker/handlers/${name}.test.ts`),
    );
    expect(untested).toEqual([]);
  });
});

describe('words', () => {
  const texts = files.filter((file) => !/\.(png|bin|gz)$|package-lock\.json$|^LICENSE$/.test(file));

  it('names no registry host and no path of one machine', () => {
    const hosts = ['registry.npm' + 'js', 'files.python' + 'hosted', 'proxy.go' + 'lang'];
    const path = new RegExp(`(^|[^\\w./-])/(${['work', 'root', 'farm'].join('|')})/\\w`);
    const found = texts.filter((file) => {
      const text = read(file);
      return hosts.some((host) => text.includes(host)) || path.test(text);
    });
    expect(found).toEqual([]);
  });

  it('gives no file or class a name that says nothing', () => {
    const vague = /\b(class|interface)\s+\w*(Manager|Helper|Service|Util|Utils|Impl)\b/;
    expect(sources.filter((file) => vague.test(read(file)))).toEqual([]);
    expect(sources.filter((file) => /(manager|helper|service|util)s?\.ts$/.test(file))).toEqual([]);
  });

  it('skips no test', () => {
    const skip = new RegExp(`\\b(it|test|describe)\\.(${['skip', 'only', 'todo'].join('|')})\\b`);
    expect(files.filter((f) => f.endsWith('.test.ts') && skip.test(read(f)))).toEqual([]);
  });
});
