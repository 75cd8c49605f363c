/**
 * Who may administer users and tokens: whoever may alter (or describe) the cluster, as with Kafka's
 * own APIs for users, and everybody for themselves.
 */
import { anonymous, type Principal, principalText } from '../../../broker/authorizer.ts';
import { mayWithCluster } from '../../../broker/permissions.ts';
import { HttpError } from '../errors.ts';
import type { HttpContext } from '../routes.ts';

export function mayAlter(c: HttpContext): Promise<boolean> {
  return mayWithCluster(c.get('kafka').context, 'ALTER');
}

export function mayDescribe(c: HttpContext): Promise<boolean> {
  return mayWithCluster(c.get('kafka').context, 'DESCRIBE');
}

export function forbidden(): HttpError {
  return new HttpError(403, 40301, 'Cluster authorization failed.');
}

/** Whether this principal asks; nobody is ANONYMOUS. */
export function isSelf(c: HttpContext, principal: Principal): boolean {
  const self = c.get('kafka').context.principal;
  return self !== anonymous && principalText(self) === principalText(principal);
}
