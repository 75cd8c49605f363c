/** `kedge tunnel`: until Ctrl-C. */
import { text } from 'node:stream/consumers';
import type { Command } from '../kedge.ts';
import { UsageError } from '../options.ts';
import { help, parseTunnelOptions } from './options.ts';
import { addressText, openTunnel } from './tunnel.ts';

export const command: Command = {
  help,
  run,
};

async function run(args: readonly string[]): Promise<number> {
  const options = parseTunnelOptions(await withTokenFromInput(args), process.env);
  const tunnel = await openTunnel(options, (line) => console.error(`kedge: ${line}`)).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      const { host, port } = options.listen;
      const taken = `${addressText(host, port)} is taken by another program`;
      throw new UsageError(`${taken}: stop it, or choose another with --listen.`);
    },
  );
  const here = addressText(tunnel.host, tunnel.port);
  console.log(`Kafka clients reach ${options.url.host} at ${here}. Ctrl-C ends it.`);
  process.send?.({ bootstrapServers: here });
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
    process.once('disconnect', resolve);
  });
  await tunnel.close();
  if (process.connected) process.disconnect();
  return 0;
}

/** `--token -` reads it from standard input, so that it stands in no list of processes. */
async function withTokenFromInput(args: readonly string[]): Promise<readonly string[]> {
  const at = args.findIndex((arg, index) => arg === '-' && args[index - 1] === '--token');
  if (at < 0) return args;
  return args.with(at, (await text(process.stdin)).trim());
}
