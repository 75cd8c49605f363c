/**
 * The conformance suite that Durable Streams has for servers, against a whole Kedge. Pages of other
 * origins may ask here, since the suite looks at a preflight.
 */
import { runConformanceTests } from '@durable-streams/server-conformance-tests';
import { afterAll, beforeAll, describe } from 'vitest';
import { type Kedge, startKedge } from '../../src/testing/start-kedge.ts';

describe('Durable Streams conformance', () => {
  let kedge: Kedge | undefined;
  /** The suite asks for the address when a test runs, not before. */
  const options = {
    get baseUrl() {
      return `${kedge?.url}/streams`;
    },
  };

  beforeAll(async () => {
    kedge = await startKedge({ env: { KEDGE_CORS_ORIGINS: 'https://example.com' } });
  });
  afterAll(() => kedge?.stop());

  runConformanceTests(options);
});
