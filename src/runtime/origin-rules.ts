/**
 * Which pages of the web may speak to this Kedge, as its variables say. The surprise: without any,
 * no page of another origin may, not even to send what it cannot read the answer of.
 */

export interface OriginRules {
  /** `KEDGE_CORS_ORIGINS`: the origins whose pages may ask; `*`: those of any. */
  readonly origins: ReadonlySet<string> | '*';
  /**
   * `KEDGE_CORS_CREDENTIALS`: whether a browser may add what it knows by itself: passwords that
   * were typed in, cookies.
   */
  readonly credentials: boolean;
  /** `KEDGE_HOSTS`: the names this Kedge may be called by; undefined: any. */
  readonly hosts: ReadonlySet<string> | undefined;
}

/** Kedge's own variables that are read here. */
export const originVariables = ['KEDGE_CORS_ORIGINS', 'KEDGE_CORS_CREDENTIALS', 'KEDGE_HOSTS'];

export const noOrigins: OriginRules = { origins: new Set(), credentials: false, hosts: undefined };

/** Reads the variables of a Worker. Throws a plain Error that says what a variable may be. */
export function originRulesFrom(variables: Readonly<Record<string, unknown>>): OriginRules {
  const listed = listOf(variables.KEDGE_CORS_ORIGINS);
  const credentials = String(variables.KEDGE_CORS_CREDENTIALS ?? 'false').toLowerCase();
  if (credentials !== 'true' && credentials !== 'false') {
    throw new Error('KEDGE_CORS_CREDENTIALS must be true or false');
  }
  const any = listed.includes('*');
  if (any && listed.length > 1) {
    throw new Error('KEDGE_CORS_ORIGINS must be * or a list of origins, not both');
  }
  if (any && credentials === 'true') {
    throw new Error('KEDGE_CORS_CREDENTIALS may be true only where KEDGE_CORS_ORIGINS names them');
  }
  const hosts = listOf(variables.KEDGE_HOSTS).map((host) => host.toLowerCase());
  return {
    origins: any ? '*' : new Set(listed.map(checkOrigin)),
    credentials: credentials === 'true',
    hosts: hosts.length === 0 || hosts.includes('*') ? undefined : new Set(hosts),
  };
}

function listOf(value: unknown): string[] {
  return String(value ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** As browsers write it: `https://example.com`, with the port where it is not the usual one. */
function checkOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href) return url.origin;
  throw new Error(
    `KEDGE_CORS_ORIGINS must be * or origins such as https://example.com, not ${text}`,
  );
}
