/**
 * Profiles: connections kept under names, in `$XDG_CONFIG_HOME/kedge/profiles.json`. The surprise:
 * the file holds passwords and tokens as they are, so it and its directory are only for their
 * owner.
 */
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Spoken } from '../connection/settings.ts';
import { Refused, suggestion } from '../usage.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Profiles {
  /** The one that counts where nothing else is said. */
  readonly current: string | null;
  readonly profiles: Readonly<Record<string, Spoken>>;
}

export function profilesFile(environment: Environment): string {
  const base = environment.XDG_CONFIG_HOME || join(environment.HOME || homedir(), '.config');
  return join(base, 'kedge', 'profiles.json');
}

export async function readProfiles(environment: Environment): Promise<Profiles> {
  const file = profilesFile(environment);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { current: null, profiles: {} };
    throw new Refused(`the profiles cannot be read: ${(error as Error).message}.`);
  }
  try {
    return { current: null, profiles: {}, ...JSON.parse(text) };
  } catch {
    throw new Refused(`${file} is not JSON: mend or remove it.`);
  }
}

export async function writeProfiles(environment: Environment, profiles: Profiles): Promise<void> {
  const file = profilesFile(environment);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600 });
  await chmod(fresh, 0o600);
  await rename(fresh, file);
}

/** Throws Refused. */
export async function profileNamed(name: string, environment: Environment): Promise<Spoken> {
  const { profiles } = await readProfiles(environment);
  if (Object.hasOwn(profiles, name)) return profiles[name];
  throw new Refused(
    `there is no profile '${name}'${suggestion(name, Object.keys(profiles)) || '.'}`,
  );
}

export async function currentProfile(environment: Environment): Promise<Spoken | undefined> {
  const { current, profiles } = await readProfiles(environment);
  return current !== null && Object.hasOwn(profiles, current) ? profiles[current] : undefined;
}
