/** `npm run docs:cli`: writes docs/cli.md. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commands } from './commands.ts';
import { reference } from './reference.ts';

const page = join(import.meta.dirname, '../../docs/cli.md');
await writeFile(page, await reference(commands));
console.log(`${page} is written.`);
