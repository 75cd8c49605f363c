/** The SDK in Bun, which runs it as it is: TypeScript, from source. */
import { javascriptSuite } from '../javascript.ts';

export const suite = javascriptSuite({
  name: 'bun',
  version: '1.4.5',
  args: ['run'],
});
