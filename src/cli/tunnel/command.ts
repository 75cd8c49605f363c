/** `kedge tunnel`: until Ctrl-C. */
import { command as action } from '../command.ts';
import { readSecret } from '../secrets.ts';
import { Refused, UsageError } from '../usage.ts';
import { tunnelOptions, tunnelOptionsOf } from './options.ts';
import { addressText, openTunnel } from './tunnel.ts';

export const command = action({
  name: 'tunnel',
  summary: 'connect Kafka clients on this machine to a deployed Kedge',
  description:
    'Kafka clients connect to a port of this machine, and each connection goes to Kedge by a ' +
    'WebSocket. Without a token, clients say who they are by SASL (SASL_PLAINTEXT), if Kedge asks ' +
    'for it. Ctrl-C ends it.',
  arguments: [{ name: 'url', summary: 'where Kedge is deployed: https://kedge.example.com' }],
  options: tunnelOptions,
  noJson: true,
  examples: [
    { command: 'kedge tunnel https://kedge.example.com' },
    { command: 'KEDGE_TOKEN=… kedge tunnel kedge.example.com --listen 127.0.0.1:19092' },
  ],
  async run(invocation) {
    const { args, output, input } = invocation;
    const said = invocation.options;
    const token = said.token === '-' ? await readSecret('Token', input, output) : said.token;
    const options = tunnelOptionsOf(args[0], said, token);
    const tunnel = await openTunnel(options, (line) => output.say(`kedge: ${line}`)).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRINUSE') throw error;
        const { host, port } = options.listen;
        const taken = `${addressText(host, port)} is taken by another program`;
        throw new UsageError(`${taken}: stop it, or choose another with --listen.`);
      },
    );
    const trouble = await tunnel.check();
    if (trouble?.isFinal) {
      await tunnel.close();
      throw new Refused(trouble.why);
    }
    if (trouble !== undefined) output.say(`kedge: ${trouble.why}; it is tried again.`);
    const here = addressText(tunnel.host, tunnel.port);
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
