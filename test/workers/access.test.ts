import { createExecutionContext, env } from 'cloudflare:test';
import { describe, expect, it, vi } from 'vitest';
import type { Env } from '../../src/runtime/worker-objects.ts';
import worker from '../../src/worker.ts';

const bindings = env as unknown as Env;
const get = (path: string, variables: Record<string, string> = {}) =>
  worker.fetch(
    new Request(`http://kedge.test${path}`),
    { ...bindings, ...variables },
    createExecutionContext(),
  );

describe('the Worker as wrangler.toml deploys it', () => {
  it('lets nobody in', async () => {
    expect((await get('/healthz')).status).toBe(200);
    const response = await get('/rest/topics');
    expect(response.status).toBe(401);
    await response.text();
  });

  it('lets everybody in when its owner says so', async () => {
    const response = await get('/rest/topics', { KEDGE_OPEN: 'true' });
    expect([response.status, await response.json()]).toEqual([200, []]);
  });

  it.each(['yes', '1', 'a secret'])(
    'lets nobody in with KEDGE_OPEN=%s, and says why',
    async (open) => {
      const error = vi.spyOn(console, 'error').mockImplementation(() => {});
      for (const path of ['/healthz', '/rest/topics', '/v3/clusters', '/nowhere']) {
        const response = await get(path, { KEDGE_OPEN: open, KEDGE_TOKEN: 'token' });
        expect([response.status, await response.json()]).toEqual([
          503,
          {
            error_code: 50302,
            message: 'Kedge lets nobody in: KEDGE_OPEN must be true or false.',
          },
        ]);
      }
      const close = vi.fn(async () => {});
      const variables = { ...bindings, KEDGE_OPEN: open };
      await worker.connect({ close } as unknown as Socket, variables);
      expect(close).toHaveBeenCalledOnce();
      expect(error).toHaveBeenCalledTimes(5);
      error.mockRestore();
    },
  );
});
