/**
 * What the doors say to whoever may not come in. The surprise: while nothing is set up it is how to
 * set it up, and from then on as little as possible.
 */
import { type AccessConfig, isConfigured } from '../runtime/access-config.ts';

export type { AccessConfig as Access } from '../runtime/access-config.ts';
export { accessConfigFrom as accessFrom } from '../runtime/access-config.ts';

/** What the owner is told who tries a door that nothing opens. */
export const howToOpen =
  'This Kedge lets nobody in yet. Set a secret KEDGE_TOKEN and send it as a bearer token, or as ' +
  'the password of the user admin; or set the variable KEDGE_OPEN to true to let everybody in.';

/** What somebody is told who has not shown who they are; undefined: nothing in particular. */
export function hintFor(access: AccessConfig): string | undefined {
  return isConfigured(access) ? undefined : howToOpen;
}
