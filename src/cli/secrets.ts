/** A secret: typed without being shown, or the first line of standard input. */
import { text } from 'node:stream/consumers';
import type { Output } from './output.ts';
import { Refused } from './usage.ts';

export async function readSecret(
  prompt: string,
  input: NodeJS.ReadStream,
  output: Output,
): Promise<string> {
  if (!input.isTTY) return (await text(input)).split(/\r?\n/)[0];
  output.stderr.write(`${prompt}: `);
  input.setRawMode(true).setEncoding('utf8').resume();
  let typed = '';
  try {
    for await (const keys of input) {
      for (const key of keys as string) {
        if (key === '\r' || key === '\n') return typed;
        if (key === '\u0003') throw new Refused('nothing was done.');
        typed = key === '\u007f' ? [...typed].slice(0, -1).join('') : typed + key;
      }
    }
    return typed;
  } finally {
    input.setRawMode(false).pause();
    output.stderr.write('\n');
  }
}
