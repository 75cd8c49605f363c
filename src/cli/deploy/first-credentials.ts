/**
 * The owner's secret of a Kedge that is about to be deployed. The surprise: it is set before there
 * is anything to let in, so that no moment passes in which Kedge has no way in; and it is kept
 * before it is set, so that no failure leaves a secret that nobody knows.
 */
import { randomBytes } from 'node:crypto';
import type { Output } from '../output.ts';
import { readProfiles, writeProfiles } from '../profile/profiles.ts';
import { Refused } from '../usage.ts';
import { refusedBy, type Wrangler } from './wrangler.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export const secretName = 'KEDGE_TOKEN';

/** The names of the Worker's secrets; undefined: there is no such Worker. */
export async function secretsOf(
  wrangler: Wrangler,
  config: string,
): Promise<readonly string[] | undefined> {
  const ran = await wrangler.run(['secret', 'list', '--config', config, '--format', 'json']);
  if (ran.code === 0) {
    const list: { readonly name: string }[] = JSON.parse(ran.stdout.slice(ran.stdout.indexOf('[')));
    return list.map(({ name }) => name);
  }
  if (/not found|code: 10007\b/i.test(ran.output)) return undefined;
  throw refusedBy('Cloudflare could not be asked what is there', ran, wrangler, false);
}

export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Sets it, by standard input: no list of processes shows it, and no file holds it. */
export async function setToken(wrangler: Wrangler, config: string, token: string): Promise<void> {
  const args = ['secret', 'put', secretName, '--config', config];
  const ran = await wrangler.run(args, { input: token });
  if (ran.code !== 0) {
    throw refusedBy(`the secret ${secretName} could not be set`, ran, wrangler, false);
  }
}

export interface Kept {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
}

/** Of a profile, which may not be there. */
export async function keptIn(profile: string, environment: Environment): Promise<Kept> {
  const { profiles } = await readProfiles(environment);
  return Object.hasOwn(profiles, profile) ? profiles[profile] : {};
}

/** Keeps what is known of the deployment; the first profile there is becomes the current one. */
export async function keep(profile: string, kept: Kept, environment: Environment): Promise<void> {
  const { current, profiles } = await readProfiles(environment);
  const before = Object.hasOwn(profiles, profile) ? profiles[profile] : {};
  const added = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
  await writeProfiles(environment, {
    current: current ?? profile,
    profiles: { ...profiles, [profile]: { ...before, ...added } },
  });
}

/** A profile of that name must not be somebody else's. Throws Refused. */
export async function assertOwn(
  profile: string,
  url: string | undefined,
  environment: Environment,
): Promise<void> {
  const { profiles } = await readProfiles(environment);
  const there = Object.hasOwn(profiles, profile) ? profiles[profile] : undefined;
  const isOther =
    there?.bootstrap !== undefined ||
    (there?.url !== undefined && url !== undefined && there.url !== url);
  if (!isOther) return;
  throw new Refused(
    `there is a profile '${profile}' already, for ${there.url ?? there.bootstrap}: choose ` +
      'another name with --profile.',
  );
}

/** To a person, on standard error. */
export function sayWhoMayCome(output: Output, token: string): void {
  output.say(`The user admin has this password, which is shown once: ${token}`);
}
