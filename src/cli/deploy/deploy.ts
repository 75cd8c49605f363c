/**
 * The steps of `kedge deploy`, in an order in which nothing is ever half done that matters: first
 * what can be refused, then what is written here, then the secret, then the Worker.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import type { Invocation } from '../command.ts';
import type { Output } from '../output.ts';
import { readSecret } from '../secrets.ts';
import { unknownSettings } from '../unknown-settings.ts';
import { Refused, UsageError } from '../usage.ts';
import { untilItAnswers } from './answering.ts';
import {
  type Deployment,
  isOurs,
  missingFrom,
  nameIn,
  newConfig,
  renewedConfig,
} from './config.ts';
import {
  assertOwn,
  keep,
  keptIn,
  newToken,
  sayWhoMayCome,
  secretName,
  secretsOf,
  setToken,
} from './first-credentials.ts';
import { sayDeployed, sayPlan } from './said.ts';
import { checkVariables } from './words.ts';
import { packagedWorker, testedWrangler } from './worker.ts';
import { refusedBy, type Wrangler, wranglerFor } from './wrangler.ts';

export interface DeployOptions {
  readonly name: string | undefined;
  readonly domain: readonly string[];
  readonly route: readonly string[];
  readonly env: readonly (readonly [name: string, value: string])[];
  readonly profile: string | undefined;
  readonly 'show-token': boolean;
  readonly 'token-stdin': boolean;
  readonly 'new-token': boolean;
  readonly force: boolean;
  readonly wait: number;
  readonly 'dry-run': boolean;
}

type Asked = Pick<Invocation, 'output' | 'input' | 'environment'> & {
  readonly options: DeployOptions;
};

export interface Plan {
  readonly folder: string;
  /** The wrangler.toml. */
  readonly config: string;
  readonly name: string;
  readonly text: string;
  /** What is done to the file. */
  readonly change: 'written' | 'renewed' | 'unchanged' | 'replaced';
  readonly profile: string;
  readonly wrangler: Wrangler;
}

export async function deploy(where: string, asked: Asked): Promise<void> {
  const { options, output, environment } = asked;
  const worker = packagedWorker(resolve(where));
  const plan = planFor(resolve(where), worker, asked);
  await assertOwn(plan.profile, undefined, environment);
  if (options['dry-run']) return sayPlan(plan, options, output);
  mkdirSync(plan.folder, { recursive: true });
  worker.place();
  if (plan.change !== 'unchanged') writeFileSync(plan.config, plan.text);
  output.say(`${relative('.', plan.config)} is ${plan.change}.`);
  if (plan.wrangler.isDownloaded) {
    const { version } = plan.wrangler;
    output.say(`There is no wrangler here: npx brings wrangler ${version}, if it has not yet.`);
  }
  const token = await credentials(plan, asked);
  output.say(`Deploying the Worker '${plan.name}' …`);
  const urls = await runDeploy(plan, output);
  const [url] = urls;
  if (url !== undefined && !options['show-token']) {
    await keep(plan.profile, { url }, environment);
  }
  const known = token ?? (await keptIn(plan.profile, environment)).token;
  const answering =
    url === undefined || options.wait === 0
      ? undefined
      : await untilItAnswers(url, known, { forMs: options.wait });
  sayDeployed({ plan, url, token, answering, isShown: options['show-token'] }, output);
}

function planFor(
  folder: string,
  { template, main }: { readonly template: string; readonly main: string },
  { options, output, environment }: Asked,
): Plan {
  const { name, domain, route, env, force } = options;
  if (options['new-token'] && options['token-stdin']) {
    throw new UsageError('--new-token makes a secret, and --token-stdin takes one: choose one.');
  }
  const vars = Object.fromEntries(env);
  checkVariables(vars);
  for (const line of unknownSettings(vars)) output.warn(line);
  const config = join(folder, 'wrangler.toml');
  const wanted: Deployment = { name: name ?? 'kedge', domains: domain, routes: route, vars };
  const existing = existsSync(config) ? readFileSync(config, 'utf8') : undefined;
  const isRenewed = existing !== undefined && !force;
  const text = isRenewed
    ? renewed(existing, template, main, { ...wanted, name })
    : newConfig(template, main, wanted);
  const ofWorker = nameIn(text);
  return {
    folder,
    config,
    text,
    name: ofWorker,
    change: changeOf(existing, text, isRenewed),
    profile: options.profile ?? ofWorker,
    wrangler: wranglerFor(folder, environment, testedWrangler()),
  };
}

function changeOf(existing: string | undefined, text: string, isRenewed: boolean): Plan['change'] {
  if (existing === undefined) return 'written';
  if (existing === text) return 'unchanged';
  return isRenewed ? 'renewed' : 'replaced';
}

/** Nothing of the reader's own is changed, so what is wanted has to stand there already. */
function renewed(
  existing: string,
  template: string,
  main: string,
  wanted: Omit<Deployment, 'name'> & { readonly name: string | undefined },
): string {
  if (!isOurs(existing)) {
    throw new Refused(
      'there is a wrangler.toml here that kedge deploy did not write: go to another folder, or ' +
        'say --force to have it written anew.',
    );
  }
  const { name, ...others } = wanted;
  const missing = missingFrom(existing, name === undefined ? others : { ...others, name });
  if (missing.length > 0) {
    throw new Refused(
      `wrangler.toml is yours to change, and does not say:\n\n  ${missing.join('\n  ')}\n\n` +
        'Write it there, or say --force to have the whole file written anew.',
    );
  }
  return renewedConfig(existing, template, main);
}

/** The secret that was set; undefined: there is one already, and it stays. */
async function credentials(plan: Plan, asked: Asked): Promise<string | undefined> {
  const { options, output, input, environment } = asked;
  const { wrangler, config, name, profile } = plan;
  const secrets = await secretsOf(wrangler, config);
  const isThere = secrets?.includes(secretName) ?? false;
  const isForeign = secrets !== undefined && !isThere && plan.change === 'written';
  if (isForeign && !options.force) {
    throw new Refused(
      `there is a Worker '${name}' in this account already, and it has no ${secretName}: it may ` +
        'be another program. Choose another --name, or say --force to put Kedge in its place.',
    );
  }
  if (isThere && !options['new-token'] && !options['token-stdin']) return undefined;
  const token = options['token-stdin'] ? await readSecret('Secret', input, output) : newToken();
  if (token.length < 16) throw new UsageError('the secret has to have 16 letters at least.');
  if (!options['show-token']) await keep(profile, { token }, environment);
  await setToken(wrangler, config, token);
  if (options['show-token'] && !output.json) sayWhoMayCome(output, token);
  return token;
}

/** Where it is deployed, as Wrangler writes it down for programs. */
async function runDeploy({ wrangler, config }: Plan, output: Output): Promise<readonly string[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'kedge-deploy-'));
  const report = join(scratch, 'report');
  try {
    const ran = await wrangler.run(['deploy', '--config', config], {
      environment: { WRANGLER_OUTPUT_FILE_PATH: report },
      onText: (text) => output.stderr.write(text.replace(/^(?=.)/gm, '  ')),
    });
    if (ran.code !== 0) throw refusedBy('not deployed', ran, wrangler, true);
    return targetsIn(existsSync(report) ? readFileSync(report, 'utf8') : '');
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function targetsIn(report: string): readonly string[] {
  const lines = report.split('\n').filter((line) => line.trim() !== '');
  const said = lines.map((line): { type: string; targets?: string[] } => JSON.parse(line));
  const targets = said.find(({ type }) => type === 'deploy')?.targets ?? [];
  return targets.flatMap((target) => {
    const [host] = /^[^\s*/]+(?=$|[/\s])/.exec(target.replace(/^https?:\/\//, '')) ?? [];
    return host?.includes('.') ? [`https://${host}`] : [];
  });
}
