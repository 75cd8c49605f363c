/**
 * Who may come in at all. The surprise: a Worker whose variables say nothing about it lets nobody
 * in, so that a fresh deployment is closed until its owner decides otherwise.
 */

export interface Access {
  /** `KEDGE_OPEN=true`: everybody may come in, by every door. */
  readonly open: boolean;
  /** `KEDGE_TOKEN`: who brings it may come in over HTTP; undefined: nobody has one. */
  readonly token: string | undefined;
}

/** What the owner is told who tries a door that nothing opens. */
export const howToOpen =
  'This Kedge lets nobody in yet. Set a secret KEDGE_TOKEN and send it as a bearer token, or set ' +
  'the variable KEDGE_OPEN to true to let everybody in.';

/** Reads the variables of a Worker. Throws a plain Error that says what a variable may be. */
export function accessFrom(variables: Readonly<Record<string, unknown>>): Access {
  // What was set instead may be a secret that was to be KEDGE_TOKEN: it is not repeated.
  const open = String(variables.KEDGE_OPEN ?? 'false').toLowerCase();
  if (open !== 'true' && open !== 'false') {
    throw new Error('KEDGE_OPEN must be true or false');
  }
  const token = variables.KEDGE_TOKEN;
  return {
    open: open === 'true',
    token: typeof token === 'string' && token !== '' ? token : undefined,
  };
}

/** `authorization`: the header of that name. Bearer, or Basic with the token as the password. */
export function admits({ open, token }: Access, authorization: string | null): boolean {
  if (open) return true;
  if (token === undefined || authorization === null) return false;
  const [scheme, credentials = ''] = authorization.trim().split(/\s+/, 2);
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return isSame(credentials, token);
    case 'basic':
      return isSame(passwordOf(credentials), token);
    default:
      return false;
  }
}

function passwordOf(credentials: string): string {
  try {
    const pair = new TextDecoder().decode(
      Uint8Array.from(atob(credentials), (character) => character.charCodeAt(0)),
    );
    return pair.slice(pair.indexOf(':') + 1);
  } catch {
    return '';
  }
}

/** Takes as long for a near miss as for a wide one. */
function isSame(offered: string, token: string): boolean {
  const encoder = new TextEncoder();
  const [left, right] = [encoder.encode(offered), encoder.encode(token)];
  let difference = left.length ^ right.length;
  for (const [index, byte] of right.entries()) difference |= byte ^ (left[index] ?? 0);
  return difference === 0;
}
