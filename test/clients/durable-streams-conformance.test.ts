/**
 * The conformance suite that Durable Streams has for servers, against a whole Kedge. Pages of other
 * origins may ask here, since the suite looks at a preflight, and webhooks may be on this machine.
 */
import { runConformanceTests } from '@durable-streams/server-conformance-tests';
import { afterAll, beforeAll, describe } from 'vitest';
import { type Kedge, spawnKedge } from '../kedge-process.ts';

describe('Durable Streams conformance', () => {
  let kedge: Kedge | undefined;
  /** The suite asks for the address when a test runs, not before. */
  const options = {
    subscriptions: true,
    get baseUrl() {
      return `${kedge?.url}/streams`;
    },
  };

  beforeAll(async () => {
    const env = {
      KEDGE_CORS_ORIGINS: 'https://example.com',
      KEDGE_PUSH_PRIVATE_HOSTS: '127.0.0.1,localhost',
    };
    kedge = await spawnKedge({ env });
  });
  afterAll(() => kedge?.stop());

  runConformanceTests(options);
});
