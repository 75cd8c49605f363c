/** What `kedge tunnel` makes of a command line. */
import { parseCommandLine } from '../../../src/cli/parse.ts';
import { command } from '../../../src/cli/tunnel/command.ts';
import {
  type TunnelOptions,
  tunnelOptions,
  tunnelOptionsOf,
} from '../../../src/cli/tunnel/options.ts';

export function parseTunnelOptions(
  typed: readonly string[],
  environment: Record<string, string>,
): TunnelOptions {
  const { args, options } = parseCommandLine(command, tunnelOptions, typed, environment);
  type Said = Parameters<typeof tunnelOptionsOf>[1];
  return tunnelOptionsOf(args[0], options as Said, options.token as string | undefined);
}
