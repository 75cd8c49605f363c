/** The tables of `docs/cost.md`: each stands between two comments that name it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const costDocument = join(import.meta.dirname, '../../docs/cost.md');

function marked(name: string): RegExp {
  return new RegExp(`(<!-- ${name} -->\\n\\n)([^]*?)(\\n\\n<!-- /${name} -->)`);
}

/** Throws where the document has no such place. */
export function tableIn(text: string, name: string): string {
  const found = marked(name).exec(text);
  if (found === null) throw new Error(`docs/cost.md has no place for '${name}'`);
  return found[2];
}

/** Puts tables in the place of those that stand there. */
export function writeTables(tables: Readonly<Record<string, string>>): void {
  let text = readFileSync(costDocument, 'utf8');
  for (const [name, table] of Object.entries(tables)) {
    tableIn(text, name);
    text = text.replace(marked(name), (_, before, __, after) => `${before}${table}${after}`);
  }
  writeFileSync(costDocument, text);
}
