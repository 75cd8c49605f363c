/**
 * `kedge/testing/vitest/global`, to be named as a `globalSetup`: one Kedge for all test files. The
 * surprise: since each test begins with a reset, files must run one after the other; a Kedge for
 * each worker, which is what there is without this, is mostly the better choice.
 */
import type { TestProject } from 'vitest/node';
import type { KedgeOptions } from './options.ts';
import { startKedge } from './start-kedge.ts';

/** A global setup that starts a Kedge with these options: `export default kedgeSetup({ … })`. */
export function kedgeSetup(options: KedgeOptions = {}) {
  return async (project: TestProject): Promise<() => Promise<void>> => {
    if (project.config.maxWorkers > 1) {
      throw new Error(
        'One Kedge for all test files is reset before each test, so files must not run at the ' +
          'same time: set `fileParallelism: false`. Or leave this global setup out, and each ' +
          'worker has a Kedge of its own.',
      );
    }
    const kedge = await startKedge(options);
    const { topics, records, snapshot } = options;
    project.provide('kedge', { address: kedge.address, begin: { topics, records, snapshot } });
    return () => kedge.stop();
  };
}

export default kedgeSetup();
