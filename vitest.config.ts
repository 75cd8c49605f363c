/**
 * Two kinds of tests: `node` runs everything that is pure or drives Kedge from outside; `workers`
 * runs the Durable Objects inside workerd, where storage, alarms and hibernation are the real ones.
 * There the Worker is wrangler.toml's, but for the Kafka port: several test files run at a time.
 */
import { join } from 'node:path';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { readWorkerConfig } from './src/local/worker-config.ts';

/**
 * What is waited for comes in its own time: the limit is a test's, not that of a single look. (One
 * second, which is what is given by default, is short for a machine that does other things, too.)
 */
const patience = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 50_000 } },
};

const worker = readWorkerConfig(join(import.meta.dirname, 'wrangler.toml'));

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { tsconfigPaths: true },
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/workers/**', 'test/compat/**/.cache/**'],
          // What kafkajs does with timers that were due already is not ours to mend.
          execArgv: ['--disable-warning=TimeoutNegativeWarning'],
          ...patience,
        },
      },
      {
        resolve: { tsconfigPaths: true },
        plugins: [
          cloudflareTest({
            main: worker.main,
            miniflare: {
              compatibilityDate: worker.compatibilityDate,
              compatibilityFlags: [...worker.compatibilityFlags],
              bindings: worker.vars,
              durableObjects: worker.durableObjects,
              cf: false,
            },
          }),
        ],
        test: {
          name: 'workers',
          include: ['test/workers/**/*.test.ts'],
          ...patience,
        },
      },
    ],
  },
});
