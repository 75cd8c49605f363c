import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { costDocument, tableIn } from './document.ts';
import { longTestMs } from './idle.ts';
import { countMillion } from './million.ts';

it(
  'costs what docs/cost.md says to have a million records (npm run bench -- --cost writes it)',
  async () => {
    const text = readFileSync(costDocument, 'utf8');
    for (const [name, table] of Object.entries(await countMillion())) {
      expect(tableIn(text, name), name).toBe(table);
    }
  },
  longTestMs,
);
