/** What may be said to `kedge deploy`, read. */
import { accessConfigFrom } from '../../runtime/access-config.ts';
import { brokerConfigFrom } from '../../runtime/config.ts';
import { connectionLimitsFrom } from '../../runtime/connection-limits.ts';
import { originRulesFrom } from '../../runtime/origin-rules.ts';
import { streamMaxAgeMsFrom } from '../../runtime/stream-config.ts';
import { UsageError } from '../usage.ts';
import { assignment } from '../values.ts';

/** As Cloudflare has it: it becomes a part of a host name. */
export function workerName(text: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw new UsageError(`must be small letters, digits and -, 63 at most, not '${text}'`);
}

/** A setting that is no secret. */
export function variable(text: string): readonly [name: string, value: string] {
  const [name, value] = assignment(text);
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new UsageError(`must be NAME=value, not '${text}'`);
  if (name === 'KEDGE_TOKEN') {
    throw new UsageError('KEDGE_TOKEN is a secret, and made for you: --token-stdin takes yours');
  }
  return [name, value];
}

/** Throws UsageError for what a Worker could not understand; it would let nobody in. */
export function checkVariables(variables: Readonly<Record<string, string>>): void {
  try {
    brokerConfigFrom(variables);
    accessConfigFrom(variables);
    connectionLimitsFrom(variables);
    originRulesFrom(variables);
    streamMaxAgeMsFrom(variables);
  } catch (error) {
    throw new UsageError(`--env: ${(error as Error).message}.`);
  }
}
