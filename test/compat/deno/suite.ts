/** The SDK in Deno, which runs it as it is: TypeScript, from source. */
import { javascriptSuite } from '../javascript.ts';

export const suite = javascriptSuite({
  name: 'deno',
  version: '2.9.6',
  args: ['run', '--allow-net', '--no-check', '--no-lock'],
});
