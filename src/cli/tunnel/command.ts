/** `kedge tunnel`: until Ctrl-C. */

import { addressText } from '../../runtime/listeners.ts';
import { command as action } from '../command.ts';
import { currentProfile, profileNamed } from '../profile/profiles.ts';
import { readSecret } from '../secrets.ts';
import { Refused, UsageError } from '../usage.ts';
import { tunnelOptions, tunnelOptionsOf } from './options.ts';
import { openTunnel } from './tunnel.ts';

export const command = action({
  name: 'tunnel',
  summary: 'connect Kafka clients on this machine to a deployed Kedge',
  description:
    'Kafka clients connect to a port of this machine, and each connection goes to Kedge by a ' +
    'WebSocket. Without a token, clients say who they are by SASL (SASL_PLAINTEXT), if Kedge asks ' +
    'for it. Ctrl-C ends it.',
  arguments: [
    {
      name: 'url',
      summary: 'where Kedge is deployed: https://kedge.example.com; else a profile says so',
      optional: true,
    },
  ],
  options: tunnelOptions,
  noJson: true,
  examples: [
    { command: 'kedge tunnel https://kedge.example.com' },
    { command: 'kedge tunnel --profile prod' },
    { command: 'KEDGE_TOKEN=… kedge tunnel kedge.example.com --listen 127.0.0.1:19092' },
  ],
  async run(invocation) {
    const { args, output, input, environment } = invocation;
    const said = invocation.options;
    const token = said.token === '-' ? await readSecret('Token', input, output) : said.token;
    const [address = ''] = args;
    const there = address === '' ? await keptIn(said.profile, environment) : { address, token };
    const options = tunnelOptionsOf(there.address, said, there.token ?? token);
    const tunnel = await openTunnel(options, (line) => output.say(`kedge: ${line}`)).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRINUSE') throw error;
        const { host, port } = options.listen;
        const taken = `${addressText({ host, port })} is taken by another program`;
        throw new UsageError(`${taken}: stop it, or choose another with --listen.`);
      },
    );
    const trouble = await tunnel.check();
    if (trouble?.isFinal) {
      await tunnel.close();
      throw new Refused(trouble.why);
    }
    if (trouble !== undefined) output.say(`kedge: ${trouble.why}; it is tried again.`);
    const here = addressText(tunnel);
    const { signal } = invocation;
    output.line(`Kafka clients reach ${options.url.host} at ${here}. Ctrl-C ends it.`);
    process.send?.({ bootstrapServers: here });
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve());
      process.once('disconnect', resolve);
    });
    await tunnel.close();
    if (process.connected) process.disconnect();
  },
});

/** Where a profile says that Kedge is, and by which token; by default, the one in use. */
async function keptIn(name: string | undefined, environment: Environment) {
  const kept = await (name === undefined
    ? currentProfile(environment)
    : profileNamed(name, environment));
  if (kept?.url !== undefined) return { address: kept.url, token: kept.token };
  if (kept === undefined) throw new UsageError('say where Kedge is: kedge tunnel <url>.');
  throw new UsageError(`the profile ${name ?? 'in use'} has no URL, and a tunnel leads to one.`);
}

type Environment = Readonly<Record<string, string | undefined>>;
