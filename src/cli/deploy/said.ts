/** What `kedge deploy` tells: beforehand with --dry-run, and afterwards how to connect. */
import { relative } from 'node:path';
import type { Output } from '../output.ts';
import type { Answering } from './answering.ts';
import type { DeployOptions, Plan } from './deploy.ts';
import { secretName } from './first-credentials.ts';

export function sayPlan(plan: Plan, options: DeployOptions, output: Output): void {
  const { name, wrangler, profile, text } = plan;
  const file = relative('.', plan.config);
  const would = { written: 'write', renewed: 'renew', unchanged: 'leave', replaced: 'replace' };
  const secret = options['show-token'] ? 'show it' : `keep it in the profile '${profile}'`;
  const steps = [
    `${would[plan.change]} ${file}`,
    `unless the Worker '${name}' has a secret ${secretName}: make one, ${secret} and set it`,
    `run: ${wrangler.typed} deploy --config ${file}`,
    ...(options.wait > 0 ? ['wait until it answers'] : []),
  ];
  const value = {
    name,
    config: file,
    change: plan.change,
    wrangler: wrangler.version,
    steps,
    text,
  };
  output.result(value, () => {
    output.say('This would be done:');
    for (const step of steps) output.say(`  - ${step}`);
    output.say(`\n${file}:\n`);
    output.line(text.trimEnd());
  });
}

export interface Deployed {
  readonly plan: Plan;
  /** Undefined: Wrangler did not say. */
  readonly url: string | undefined;
  /** The secret that was set; undefined: it stays what it was. */
  readonly token: string | undefined;
  /** Undefined: nobody asked. */
  readonly answering: Answering | undefined;
  readonly isShown: boolean;
}

export function sayDeployed(deployed: Deployed, output: Output): void {
  const { plan, url, token, answering, isShown } = deployed;
  const { name, profile } = plan;
  const kept = isShown ? null : profile;
  const value = {
    ...{ name, url: url ?? null, profile: kept, answers: answering ?? null },
    ...(isShown && token !== undefined && { token }),
  };
  output.result(value, () => {
    output.line(`Kedge is deployed: ${url ?? `the Worker '${name}'`}`);
    if (url === undefined) return;
    for (const line of howToConnect(url, kept, token !== undefined)) output.line(line);
  });
  if (answering === 'silent') {
    output.warn(`${url} does not answer yet: a new name or certificate may take some minutes.`);
  } else if (answering === 'stranger') {
    const set = token === undefined ? `the ${secretName} of the profile '${profile}'` : secretName;
    output.warn(
      `${url} answers, and does not know ${set}: a new one may take a minute to arrive` +
        `${token === undefined ? ', and kedge deploy --new-token sets another' : ''}.`,
    );
  }
}

function howToConnect(url: string, profile: string | null, isNew: boolean): string[] {
  const where = profile === null ? ` ${url}` : ` --profile ${profile}`;
  const owner =
    profile === null
      ? `export ${secretName}=… first: the password of the user admin`
      : `the profile '${profile}'${isNew ? ' holds the password of the user admin' : ''}`;
  return [
    '',
    `  The owner      ${owner}`,
    `  Command line   kedge topic list${profile === null ? ` --url${where}` : where}`,
    `  Kafka clients  kedge tunnel${where}, and then 127.0.0.1:9092`,
    `  HTTP           curl ${url}/rest/topics -H "Authorization: Bearer $${secretName}"`,
    `  JavaScript     new Producer('${url}', { token }), of kedge/client`,
    '  Others         kedge user, kedge token and kedge acl say who else may come',
    '',
  ];
}
