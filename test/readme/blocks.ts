/**
 * The code in README.md, for the tests that execute it. Each block has a name, the second word
 * after its opening fence, which a reader of the rendered page does not see.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the Kedge is that the code shall use, in place of the one of `npm start`. */
export interface Place {
  /** `host:port` */
  readonly bootstrapServers: string;
  readonly url: string;
}

/** Blocks that other suites execute: each by the client it is about, in `npm run test:compat`. */
export const executedByCompat = ['confluent-kafka', 'kafka-python', 'kcat'];

/** The code of every block by its name. Throws when one has no name, or a name is used twice. */
export function readmeBlocks(): ReadonlyMap<string, string> {
  const text = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const blocks = new Map<string, string>();
  for (const [, info, code] of text.matchAll(/^```([^\n]+)\n(.+?)^```$/gms)) {
    const [, name] = info.split(' ');
    if (name === undefined || blocks.has(name)) {
      throw new Error(`README.md: a block needs a name of its own: ${info}\n${code}`);
    }
    blocks.set(name, code);
  }
  return blocks;
}

/** The code of one block, as it reads for a Kedge elsewhere. */
export function readmeBlock(name: string, place: Place): string {
  const code = readmeBlocks().get(name);
  if (code === undefined) throw new Error(`README.md has no block named ${name}`);
  return code
    .replaceAll('http://127.0.0.1:8787', place.url)
    .replaceAll('127.0.0.1:9092', place.bootstrapServers);
}
