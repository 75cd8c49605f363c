/**
 * A page of documentation under test, or one of its sections: a Kedge of its own to run against,
 * and at the end a complaint about every block that nothing was done with.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { endAll, type Program, root, run } from '../cli/processes.ts';
import { type Kedge, type KedgeOptions, spawnKedge } from '../kedge-process.ts';
import { blockOf, blocksOf, textOf } from './blocks.ts';

export interface PageOptions {
  /** How its Kedge starts, say with credentials. */
  readonly kedge?: KedgeOptions;
  /** Variables that its commands find set. */
  readonly env?: Readonly<Record<string, string>>;
  /** Blocks that something else executes: `npm test` itself, or `npm run test:compat`. */
  readonly elsewhere?: readonly string[];
}

export interface Page {
  readonly kedge: Kedge;
  /** What is written on it. */
  readonly text: string;
  /** A directory that goes when the tests end. */
  readonly scratch: string;
  /** The code of a block, for a test that executes it, or compares an answer with it. */
  code(name: string): string;
  /**
   * Runs blocks of shell, in one shell, to their end; every command in them must succeed. What they
   * printed.
   */
  shell(...names: readonly string[]): Promise<string>;
  /** The same, of the JSON they printed: one value a line. */
  answers(...names: readonly string[]): Promise<ReturnType<typeof JSON.parse>[]>;
  /** Starts a block as a Node.js program. `code`: what is to run in its place. */
  node(name: string, code?: string): Program;
}

/** curl is to fail where the answer is an error, and to be quiet about its progress. */
const quiet = 'curl() { command curl --silent --show-error --fail-with-body "$@"; echo; }';

/** `docs/http.md`, or `docs/http.md#rest-v3`: the blocks that this test file answers for. */
export function page(name: string, options: PageOptions = {}): Page {
  const done = new Set(options.elsewhere);
  let kedge: Kedge | undefined;
  const scratch = mkdtempSync(join(tmpdir(), 'kedge-docs-'));
  const inProject: string[] = [];
  beforeAll(async () => {
    kedge = await spawnKedge(options.kedge);
  });
  afterAll(async () => {
    endAll();
    await kedge?.stop();
    for (const path of [scratch, ...inProject]) rmSync(path, { recursive: true, force: true });
    const left = [...blocksOf(name).keys()].filter((block) => !done.has(block));
    if (left.length > 0) throw new Error(`${name}: nobody executes ${left.join(', ')}`);
  });
  const code = (block: string): string => {
    done.add(block);
    return blockOf(name, block, kedge!);
  };
  const shell = async (...blocks: readonly string[]): Promise<string> => {
    const command = ['-e', '-o', 'pipefail', '-c', [quiet, ...blocks.map(code)].join('\n')];
    const program = run('bash', command, { cwd: root, env: { ...options.env } });
    const end = await program.ended;
    if (end === 0) return program.stdout();
    throw new Error(`ended with ${end}:\n${program.stdout()}${program.stderr()}`);
  };
  return {
    get kedge() {
      return kedge!;
    },
    text: textOf(name),
    scratch,
    code,
    shell,
    async answers(...blocks) {
      const lines = (await shell(...blocks)).split('\n').filter((line) => line.trim() !== '');
      return lines.map((line) => JSON.parse(line));
    },
    node(block, text = code(block)) {
      // In the project, so that packages are found as in a project of the reader's own.
      const file = join(root, `node_modules/.kedge-docs-${process.pid}-${block}.mjs`);
      inProject.push(file);
      writeFileSync(file, text);
      return run(process.execPath, [file], { cwd: root, env: { ...options.env } });
    },
  };
}
