/**
 * The code in the project's pages, for the tests that execute it. Each block has a name, the
 * second word after its opening fence, which a reader of the rendered page does not see.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the Kedge is that the code shall use, in place of the one the page speaks of. */
export interface Place {
  /** `host:port` */
  readonly bootstrapServers: string;
  readonly url: string;
}

/** Blocks that other suites execute: each by the client it is about, in `npm run test:compat`. */
export const executedByCompat = [
  ...['alice-kcat', 'confluent-kafka', 'kafka-python', 'kcat', 'quotas'],
  ...['jest', 'junit', 'go'],
];

/** What pages call a Kedge that was deployed. */
const deployed = 'kedge.example.workers.dev';

/**
 * The code of every block by its name, of a page (`docs/http.md`) or of one of its sections
 * (`docs/http.md#rest-v3`). Throws when one has no name, or a name is used twice.
 */
export function blocksOf(page: string): ReadonlyMap<string, string> {
  const blocks = new Map<string, string>();
  for (const [, info, code] of textOf(page).matchAll(/^```([^\n]*)\n(.+?)^```$/gms)) {
    const [, name] = info.split(' ');
    if (name === undefined || blocks.has(name)) {
      throw new Error(`${page}: a block needs a name of its own: ${info}\n${code}`);
    }
    blocks.set(name, code);
  }
  return blocks;
}

/** The code of one block, as it reads for a Kedge elsewhere. */
export function blockOf(page: string, name: string, { bootstrapServers, url }: Place): string {
  const code = blocksOf(page).get(name);
  if (code === undefined) throw new Error(`${page} has no block named ${name}`);
  return code
    .replaceAll(`https://${deployed}`, url)
    .replaceAll(`wss://${deployed}`, url.replace(/^http/, 'ws'))
    .replaceAll('127.0.0.1:8787', url.replace(/^https?:\/\//, ''))
    .replaceAll('127.0.0.1:9092', bootstrapServers);
}

/** The text of a page, or of a section up to the next heading that is as high. */
export function textOf(page: string): string {
  const [file, anchor] = page.split('#');
  const text = readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
  if (anchor === undefined) return text;
  const [start, end] = sectionAt(text, anchor);
  if (start === undefined) throw new Error(`${file} has no section #${anchor}`);
  return text.slice(start, end);
}

/** What a heading is called in a link, as GitHub does it. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** The headings of a page, code left out: how high each is, and where. */
export function headingsOf(text: string): { level: number; anchor: string; at: number }[] {
  const prose = text.replace(/^```.*?^```$/gms, (code) => ' '.repeat(code.length));
  return [...prose.matchAll(/^(#+) +(.+)$/gm)].map(({ 1: marks, 2: heading, index }) => ({
    level: marks.length,
    anchor: anchorOf(heading.trim()),
    at: index,
  }));
}

function sectionAt(text: string, anchor: string): [start?: number, end?: number] {
  const headings = headingsOf(text);
  const index = headings.findIndex((heading) => heading.anchor === anchor);
  if (index < 0) return [];
  const next = headings.slice(index + 1).find(({ level }) => level <= headings[index].level);
  return [headings[index].at, next?.at];
}
