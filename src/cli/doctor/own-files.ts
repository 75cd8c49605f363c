/** What lies around: the profiles, which hold secrets, and Wrangler, where it is deployed from. */
import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { testedWrangler } from '../deploy/worker.ts';
import { wranglerFor } from '../deploy/wrangler.ts';
import { profilesFile, readProfiles } from '../profile/profiles.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export async function profiles(environment: Environment): Promise<readonly Finding[]> {
  const name = 'profiles';
  const file = profilesFile(environment);
  if (!existsSync(file)) return [ok(name, 'there are none')];
  const { current, profiles: all } = await readProfiles(environment);
  const count = Object.keys(all).length;
  const says = `${count} in ${file}${current === null ? '' : `, '${current}' in use`}`;
  const others = process.platform === 'win32' ? 0 : statSync(file).mode & 0o077;
  if (others === 0) return [ok(name, says)];
  return [fail(name, `${file} can be read by others, and holds secrets`, `chmod 600 ${file}`)];
}

/** Whether there is a way to deploy; nothing is asked of the network. */
export async function wrangler(
  folder: string,
  environment: Environment,
): Promise<readonly Finding[]> {
  const name = 'wrangler';
  const { version, isDownloaded, typed } = wranglerFor(folder, environment, testedWrangler());
  const has = isDownloaded
    ? `npx brings ${version} for kedge deploy`
    : `${version}, of the project`;
  if (isLoggedIn(environment)) return [ok(name, `${has}; there are credentials for Cloudflare`)];
  return [
    existsSync(join(folder, 'wrangler.toml'))
      ? warn(name, `${has}; nobody is logged in`, `${typed} login, before kedge deploy`)
      : ok(name, `${has}; nobody is logged in, which only that needs`),
  ];
}

function isLoggedIn(environment: Environment): boolean {
  if (environment.CLOUDFLARE_API_TOKEN) return true;
  const home = environment.HOME || homedir();
  const config = environment.XDG_CONFIG_HOME || join(home, '.config');
  return [
    join(config, '.wrangler/config/default.toml'),
    join(home, '.wrangler/config/default.toml'),
    join(home, 'Library/Preferences/.wrangler/config/default.toml'),
  ].some((file) => existsSync(file));
}
