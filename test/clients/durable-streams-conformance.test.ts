/**
 * The conformance suite that Durable Streams has for servers, against a whole Kedge. Pages of other
 * origins may ask here, since the suite looks at a preflight, and webhooks may be on this machine.
 */
import { runConformanceTests } from '@durable-streams/server-conformance-tests';
import { afterAll, beforeAll, describe } from 'vitest';
import { type Kedge, spawnKedge } from '../kedge-process.ts';

/**
 * A second and a third try for what the suite asks of streams that end by themselves: half a second
 * of its own sleep is all that lies between too early and too late there, and a machine that has
 * other things to do oversleeps now and then.
 */
const timed = ['TTL Expiration Behavior', 'Fork - TTL and Expiry'];

describe('Durable Streams conformance', () => {
  let kedge: Kedge | undefined;
  /** The suite asks for the address when a test runs, not before. */
  const options = {
    subscriptions: true,
    get baseUrl() {
      return `${kedge?.url}/streams`;
    },
  };

  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads there which fixtures are wanted
  beforeAll(async ({}, { tasks }) => {
    for (const group of tasks.filter(({ name }) => timed.includes(name))) {
      if (group.type === 'suite') for (const test of group.tasks) test.retry = 2;
    }
    const env = {
      KEDGE_CORS_ORIGINS: 'https://example.com',
      KEDGE_PUSH_PRIVATE_HOSTS: '127.0.0.1,localhost',
    };
    kedge = await spawnKedge({ env });
  });
  afterAll(() => kedge?.stop());

  runConformanceTests(options);
});
