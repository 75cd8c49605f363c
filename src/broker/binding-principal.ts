/**
 * Who a Worker is that is bound to this one. The surprise: nobody has to prove anything here. Its
 * `props` are written in its own configuration by whoever may deploy to the same account, so they
 * say who it is; whether that is believed, the owner of this Worker decides.
 */
import { type AccessConfig, parsePrincipal } from '../runtime/access-config.ts';
import { anonymous, type Principal } from './authorizer.ts';

/** What a Worker is told that is not let in. */
export const howToBind =
  'This Kedge does not know who is bound to it. Set its variable KEDGE_TRUST_BINDINGS to true, ' +
  'and name a principal in the props of the binding, such as { "principal": "User:orders" }.';

/**
 * `props`: those of the entrypoint (`ctx.props`); `principal` in it is `User:name`, or a name.
 * Undefined: it may not come in.
 */
export function principalOfBinding(
  props: unknown,
  { open, trustsBindings }: Pick<AccessConfig, 'open' | 'trustsBindings'>,
): Principal | undefined {
  const named = trustsBindings ? principalIn(props) : undefined;
  return named ?? (open ? anonymous : undefined);
}

function principalIn(props: unknown): Principal | undefined {
  if (typeof props !== 'object' || props === null || !('principal' in props)) return undefined;
  const { principal } = props;
  if (typeof principal !== 'string' || principal === '') return undefined;
  return parsePrincipal(principal) ?? { type: 'User', name: principal };
}
