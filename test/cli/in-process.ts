/** `kedge` in this process: what it prints and how it ends, without the start of a program. */
import { Readable } from 'node:stream';
import { commands } from '../../src/cli/commands.ts';
import type { Sink } from '../../src/cli/output.ts';
import { runProgram } from '../../src/cli/program.ts';

export interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Cli {
  /** Words, divided by spaces. */
  (line: string, input?: string): Promise<Result>;
  /** The same with `--json`, which has to be done: what it printed. */
  json(line: string, input?: string): Promise<ReturnType<typeof JSON.parse>>;
}

export function cliWith(environment: Readonly<Record<string, string | undefined>>): Cli {
  const run = async (line: string, input = ''): Promise<Result> => {
    const [stdout, stderr] = [new Written(), new Written()];
    const stdin = Readable.from([input]) as unknown as NodeJS.ReadStream;
    const words = line.split(' ').filter((word) => word !== '');
    const around = { stdin, stdout, stderr, environment };
    const code = await runProgram(commands, words, around);
    return { code, out: stdout.text, err: stderr.text };
  };
  return Object.assign(run, {
    async json(line: string, input = '') {
      const { code, out, err } = await run(`${line} --json`, input);
      if (code !== 0) throw new Error(`${line} ended with ${code}: ${err}`);
      return JSON.parse(out);
    },
  });
}

class Written implements Sink {
  text = '';

  write(data: string | Uint8Array, done?: () => void): boolean {
    this.text += typeof data === 'string' ? data : new TextDecoder().decode(data);
    if (done) queueMicrotask(done);
    return true;
  }
}
