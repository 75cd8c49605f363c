/**
 * What the owner decided about who may come in: the Worker's variables, read and checked. The
 * surprise: where they say nothing nobody comes in, so that a fresh deployment is closed until its
 * owner opens it. Kedge's own are `KEDGE_…`; what Kafka has a name for is named as in Kafka.
 */

import { Variables } from './variables.ts';

export interface AccessConfig {
  /** `KEDGE_OPEN`: whether everybody may come in, by every door. */
  readonly open: boolean;
  /** `KEDGE_TOKEN`: the owner's secret, and the password of `admin`. */
  readonly token: string | undefined;
  /** `sasl.enabled.mechanisms`; all unless the owner chose. */
  readonly mechanisms: readonly SaslMechanism[];
  /** `connections.max.reauth.ms`: how long a session lasts; 0: as long as the connection. */
  readonly maxReauthMs: number;
  /** `connection.failed.authentication.delay.ms`: how long a refusal is held back. */
  readonly failedDelayMs: number;
  /** `sasl.server.max.receive.size`: the largest request of a client that nobody knows yet. */
  readonly maxReceiveBytes: number;
  /** Who signs the tokens of OAuth; undefined: none are taken. */
  readonly oauth: OAuthConfig | undefined;
  /** Which application of Cloudflare Access stands in front; undefined: none. */
  readonly cloudflareAccess: CloudflareAccessConfig | undefined;
  /** `KEDGE_TRUST_BINDINGS`: whether a Worker bound to this one is who its `props` say it is. */
  readonly trustsBindings: boolean;
  /** `KEDGE_URL_TOKENS`: whether credentials may come in a URL, on the few routes that take any. */
  readonly takesUrlTokens: boolean;
}

/** `User:alice`, in two. */
export interface NamedPrincipal {
  readonly type: string;
  readonly name: string;
}

export const saslMechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const;
export type SaslMechanism = (typeof saslMechanisms)[number];

export interface OAuthConfig {
  readonly jwksUrl: string;
  /** Undefined: any, since the owner said so. */
  readonly issuer: string | undefined;
  /** Empty: any, since the owner said so. */
  readonly audiences: readonly string[];
  readonly clockSkewSeconds: number;
  readonly scopeClaim: string;
  readonly subClaim: string;
  /** How old its keys may be. */
  readonly refreshMs: number;
}

export interface CloudflareAccessConfig {
  /** Without a slash at the end: `https://team.cloudflareaccess.com`. */
  readonly issuer: string;
  /** The application's AUD tag. */
  readonly audience: string;
}

const oauth = 'KAFKA_SASL_OAUTHBEARER';
const largestInt = 2_147_483_647;

/** The variables of Kafka's that are read here. */
export const accessVariables: readonly string[] = [
  'KAFKA_SASL_ENABLED_MECHANISMS',
  'KAFKA_CONNECTIONS_MAX_REAUTH_MS',
  'KAFKA_CONNECTION_FAILED_AUTHENTICATION_DELAY_MS',
  'KAFKA_SASL_SERVER_MAX_RECEIVE_SIZE',
  `${oauth}_JWKS_ENDPOINT_URL`,
  `${oauth}_JWKS_ENDPOINT_REFRESH_MS`,
  `${oauth}_EXPECTED_ISSUER`,
  `${oauth}_EXPECTED_AUDIENCE`,
  `${oauth}_ALLOW_UNVERIFIED_ISSUER`,
  `${oauth}_ALLOW_UNVERIFIED_AUDIENCE`,
  `${oauth}_CLOCK_SKEW_SECONDS`,
  `${oauth}_SCOPE_CLAIM_NAME`,
  `${oauth}_SUB_CLAIM_NAME`,
];

/** Those of Kedge's own. */
export const kedgeVariables: readonly string[] = [
  'KEDGE_OPEN',
  'KEDGE_TOKEN',
  'KEDGE_ACCESS_TEAM_DOMAIN',
  'KEDGE_ACCESS_AUD',
  'KEDGE_TRUST_BINDINGS',
  'KEDGE_URL_TOKENS',
];

/**
 * Reads the variables of a Worker; an empty one counts as absent. Throws a plain Error that says
 * what a variable may be, and does not repeat what it is: it may be a secret in the wrong place.
 */
export function accessConfigFrom(variables: Readonly<Record<string, unknown>>): AccessConfig {
  const read = new Variables(variables);
  return {
    open: read.boolean('KEDGE_OPEN'),
    // A line's end, which files bring along, is no part of it: no client could say it.
    token: read.text('KEDGE_TOKEN')?.trim() || undefined,
    mechanisms: mechanismsFrom(read),
    maxReauthMs: read.count('KAFKA_CONNECTIONS_MAX_REAUTH_MS', 0, Number.MAX_SAFE_INTEGER),
    failedDelayMs: read.count('KAFKA_CONNECTION_FAILED_AUTHENTICATION_DELAY_MS', 100, largestInt),
    maxReceiveBytes: read.count('KAFKA_SASL_SERVER_MAX_RECEIVE_SIZE', 524_288, largestInt),
    oauth: oauthFrom(read),
    cloudflareAccess: cloudflareAccessFrom(read),
    trustsBindings: read.boolean('KEDGE_TRUST_BINDINGS'),
    takesUrlTokens: read.boolean('KEDGE_URL_TOKENS'),
  };
}

/** Whether the owner said in any way who may come in. */
export function isConfigured({
  open,
  token,
  oauth,
  cloudflareAccess,
  trustsBindings,
}: AccessConfig): boolean {
  return (
    open || trustsBindings || [token, oauth, cloudflareAccess].some((one) => one !== undefined)
  );
}

/** Undefined for what is no `type:name`. */
export function parsePrincipal(text: string): NamedPrincipal | undefined {
  const colon = text.indexOf(':');
  if (colon <= 0 || colon === text.length - 1) return undefined;
  return { type: text.slice(0, colon), name: text.slice(colon + 1) };
}

function mechanismsFrom(read: Variables): readonly SaslMechanism[] {
  const name = 'KAFKA_SASL_ENABLED_MECHANISMS';
  const wanted = read.list(name);
  const known: readonly string[] = saslMechanisms;
  if (!wanted.every((mechanism) => known.includes(mechanism))) {
    throw new Error(`${name} must be some of ${saslMechanisms.join(', ')}`);
  }
  return wanted.length === 0 ? saslMechanisms : (wanted as SaslMechanism[]);
}

/** As in Kafka 4.4 the issuer and the audience must be said, or expressly not be looked at. */
function oauthFrom(read: Variables): OAuthConfig | undefined {
  const jwksUrl = read.url(`${oauth}_JWKS_ENDPOINT_URL`);
  const issuer = read.text(`${oauth}_EXPECTED_ISSUER`);
  const audiences = read.list(`${oauth}_EXPECTED_AUDIENCE`);
  const anyIssuer = read.boolean(`${oauth}_ALLOW_UNVERIFIED_ISSUER`);
  const anyAudience = read.boolean(`${oauth}_ALLOW_UNVERIFIED_AUDIENCE`);
  if (jwksUrl === undefined) return undefined;
  const demand = (what: string) =>
    new Error(
      `${oauth}_EXPECTED_${what} must be set, or ${oauth}_ALLOW_UNVERIFIED_${what} be true`,
    );
  if (audiences.length === 0 && !anyAudience) throw demand('AUDIENCE');
  if (issuer === undefined && !anyIssuer) throw demand('ISSUER');
  return {
    jwksUrl,
    issuer,
    audiences,
    clockSkewSeconds: read.count(`${oauth}_CLOCK_SKEW_SECONDS`, 30, largestInt),
    scopeClaim: read.text(`${oauth}_SCOPE_CLAIM_NAME`) ?? 'scope',
    subClaim: read.text(`${oauth}_SUB_CLAIM_NAME`) ?? 'sub',
    refreshMs: read.count(`${oauth}_JWKS_ENDPOINT_REFRESH_MS`, 3_600_000, largestInt),
  };
}

/** `team`, `team.cloudflareaccess.com` or a URL. */
function cloudflareAccessFrom(read: Variables): CloudflareAccessConfig | undefined {
  const domain = read.text('KEDGE_ACCESS_TEAM_DOMAIN')?.replace(/\/+$/, '');
  const audience = read.text('KEDGE_ACCESS_AUD');
  if (domain === undefined && audience === undefined) return undefined;
  if (domain === undefined || audience === undefined) {
    throw new Error('KEDGE_ACCESS_TEAM_DOMAIN and KEDGE_ACCESS_AUD must be set together');
  }
  const host = domain.includes('.') ? domain : `${domain}.cloudflareaccess.com`;
  return { issuer: /^https?:\/\//.test(domain) ? domain : `https://${host}`, audience };
}
