/** What holds for every page: each block belongs to a test, and each link leads somewhere. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../cli/processes.ts';
import { blocksOf, executedByCompat, headingsOf, textOf } from './blocks.ts';

const pages = ['README.md', ...globSync('docs/*.md', { cwd: root })];
const read = (file: string) => readFileSync(join(root, file), 'utf8');
/** What the tests here answer for. */
const tested = globSync('test/docs/*.test.ts', { cwd: root }).flatMap((file) =>
  [...read(file).matchAll(/\bpage\(\s*'([^']+)'/g)].map(([, name]) => name),
);

it.each(pages)('%s has no block that no test answers for', (page) => {
  const answeredFor = tested
    .filter((name) => name.split('#')[0] === page)
    .flatMap((name) => [...blocksOf(name).keys()]);
  expect([...blocksOf(page).keys()].sort()).toEqual(answeredFor.sort());
});

it.each(pages)('%s has no link that leads nowhere', (page) => {
  const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
  const broken = links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [file, anchor] = link.split('#');
    const target = file === '' ? page : join(dirname(page), file);
    if (!existsSync(join(root, target))) return true;
    return (
      anchor !== undefined && !headingsOf(read(target)).some((heading) => heading.anchor === anchor)
    );
  });
  expect(broken).toEqual([]);
});

it.each(pages)('%s names no script that is not there', (page) => {
  const scripts = Object.keys(JSON.parse(read('package.json')).scripts);
  const named = [...textOf(page).matchAll(/npm (?:run )?([a-z:]+)/g)].map(([, name]) => name);
  expect(named.filter((name) => !['install', 'pack', ...scripts].includes(name))).toEqual([]);
});

it('leaves to other suites what they execute', () => {
  const suites = globSync('test/compat/{*,*/*}.ts', { cwd: root }).map(read).join('\n');
  for (const word of ['blockOf(', ...executedByCompat.map((name) => `'${name}'`)]) {
    expect(suites).toContain(word);
  }
});
