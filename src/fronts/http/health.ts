/**
 * Whether this Kedge answers. It asks nobody: a health check that reads storage is one that fails
 * first.
 */
import { jsonResponse } from './routes.ts';

export function health(): Response {
  return jsonResponse({ status: 'ok' }, 200, 'application/json');
}
