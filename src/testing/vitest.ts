/**
 * `kedge/testing/vitest`: tests that are given a Kedge. The surprise: it is started once for each
 * of vitest's workers, and only where a test asks for it; each test finds it as the first did.
 */
import { inject, test as plain } from 'vitest';
import { connectKedge } from './connect-kedge.ts';
import type { Kedge, KedgeAddress } from './kedge.ts';
import type { BeginOptions, KedgeOptions } from './options.ts';
import { startKedge } from './start-kedge.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The Kedge of `kedge/testing/vitest/global`, where that is a global setup. */
    readonly kedge?: { readonly address: KedgeAddress; readonly begin: BeginOptions };
  }
}

/** vitest's `test` with a fixture `kedge`, started with these options. */
export function kedgeTest(options: KedgeOptions = {}) {
  let isFresh = true;
  return (
    plain
      // biome-ignore lint/correctness/noEmptyPattern: vitest reads from it what a fixture needs.
      .extend('kedgeOfWorker', { scope: 'worker' }, async ({}, { onCleanup }): Promise<Kedge> => {
        const shared = inject('kedge');
        isFresh = shared === undefined;
        const kedge = shared
          ? connectKedge(shared.address, shared.begin)
          : await startKedge(options);
        onCleanup(() => kedge.stop());
        return kedge;
      })
      .extend('kedge', async ({ kedgeOfWorker }): Promise<Kedge> => {
        if (!isFresh) await kedgeOfWorker.reset();
        isFresh = false;
        return kedgeOfWorker;
      })
  );
}

/** `test('…', async ({ kedge }) => { … })`: a Kedge that is empty when the test begins. */
export const test = kedgeTest();
export type { Kedge, KedgeOptions };
export { test as it };
