/** The same function as a Worker, in an account of its own or beside Kedge. */
import { type Settings, takeOrder } from './orders.ts';

export default {
  fetch: (request: Request, env: Settings): Promise<Response> => takeOrder(request, env),
};
