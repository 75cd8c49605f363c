/** `kedge` against a cluster: in this process, or where it is to be killed as one of its own. */
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { commands } from '../../../src/cli/commands.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { type Program, root, run } from '../processes.ts';

export const program = join(root, 'src/cli/kedge.ts');

export interface Ran {
  readonly code: number;
  /** Bytes come as latin1: one character each. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface Kedge {
  /** To its end, with this on standard input. */
  (args: readonly string[], input?: string | Uint8Array): Promise<Ran>;
  /** As a process. */
  start(args: readonly string[]): Program;
}

export function kedgeAt(bootstrap: string): Kedge {
  const environment = { KEDGE_BOOTSTRAP: bootstrap };
  // Each command listens for Ctrl-C, and a process usually runs one.
  process.setMaxListeners(0);
  const toEnd = async (args: readonly string[], input: string | Uint8Array = '') => {
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    const into = (chunks: Buffer[]) => ({
      write(data: string | Uint8Array, done?: () => void) {
        chunks.push(Buffer.from(data as string));
        done?.();
        return true;
      },
    });
    const code = await runProgram(commands, args, {
      stdin: Readable.from([Buffer.from(input as string)]) as unknown as NodeJS.ReadStream,
      ...{ stdout: into(stdout), stderr: into(stderr), environment },
    });
    return {
      code,
      stdout: Buffer.concat(stdout).toString('latin1'),
      stderr: Buffer.concat(stderr).toString(),
    };
  };
  const start = (args: readonly string[]) =>
    run(process.execPath, [program, ...args], { env: environment });
  return Object.assign(toEnd, { start });
}
