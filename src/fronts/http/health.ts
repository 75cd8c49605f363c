/**
 * Whether this Kedge answers. It asks nobody: a health check that reads storage is one that fails
 * first.
 */
import { kafkaFrameRoute } from './kafka-frame.ts';
import { type Family, jsonResponse, restErrors } from './routes.ts';

function health(): Response {
  return jsonResponse({ status: 'ok' }, 200, 'application/json');
}

/** What belongs to no dialect. */
export const ownFamily: Family = {
  prefix: '',
  name: 'Kedge',
  routes: [{ method: 'GET', path: '/healthz', handle: health, open: true }, kafkaFrameRoute],
  errorResponse: restErrors('application/json'),
};
