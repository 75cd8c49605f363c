/**
 * `kedge/testing/node`: a Kedge for a file of node:test. The surprise: what `useKedge` answers is
 * not there yet; it stands for the Kedge that is started before the first test.
 */
import { after, before, beforeEach } from 'node:test';
import type { Kedge } from './kedge.ts';
import type { KedgeOptions } from './options.ts';
import { startKedge } from './start-kedge.ts';

/**
 * Starts a Kedge before the tests of this file (or of the `describe` it is called in), resets it
 * before each, and stops it after the last. Tests that run at the same time share it: then reset it
 * less often by starting one in each with `startKedge()`.
 */
export function useKedge(options: KedgeOptions = {}): Kedge {
  let kedge: Kedge | undefined;
  let isFresh = true;
  before(async () => {
    kedge = await startKedge(options);
  });
  beforeEach(async () => {
    if (!isFresh) await kedge!.reset();
    isFresh = false;
  });
  after(() => kedge?.stop());
  return new Proxy({} as Kedge, {
    get(_, property) {
      if (kedge === undefined) {
        throw new Error(
          'The Kedge of useKedge() is started before the first test: use it in tests and in hooks.',
        );
      }
      const value: unknown = Reflect.get(kedge, property, kedge);
      return typeof value === 'function' ? value.bind(kedge) : value;
    },
  });
}
