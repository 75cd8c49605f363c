/** Users and tokens over HTTP: who may come in, for those who may say so. */
import { type Family, restErrors } from '../routes.ts';
import { object, text, whole } from '../schemas.ts';
import { tokenRoutes } from './tokens.ts';
import { json, userRoutes } from './users.ts';

export const adminFamily: Family = {
  prefix: '/admin',
  name: 'Users and tokens',
  doc: {
    description: 'Who may come in. What they may do then, ACLs say (REST v3).',
    error: { type: json, schema: object({ error_code: whole, message: text }) },
  },
  routes: [...userRoutes, ...tokenRoutes],
  errorResponse: restErrors(json),
};
