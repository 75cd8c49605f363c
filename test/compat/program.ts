/**
 * A test program in the client's own language. It prints one JSON object a line:
 *
 *     {"case":"group-resume","verdict":"passed"}
 *     {"case":"large-message","verdict":"failed","detail":"…"}
 *     {"restart":true}     restart the broker, then write a line to my standard input
 *     {"note":"…"}
 *
 * and is given the bootstrap servers as its only argument, and where HTTP is served in COMPAT_HTTP.
 * Anything else it prints is kept for the failure message.
 */
import { Running, type SpawnOptions } from './processes.ts';
import type { SuiteContext } from './suite.ts';

interface Event {
  readonly case?: string;
  readonly verdict?: 'passed' | 'failed' | 'skipped';
  readonly detail?: string;
  readonly restart?: boolean;
  readonly note?: string;
}

const SILENCE_MS = 150_000;

/** Runs the program to its end and turns what it says into reports. */
export async function runProgram(
  context: SuiteContext,
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<void> {
  const env = {
    ...options.env,
    COMPAT_CASE: context.onlyCase ?? '',
    COMPAT_HTTP: context.broker.url ?? '',
    COMPAT_RESTARTABLE: context.broker.restartable ? 'yes' : 'no',
  };
  const program = new Running(command, [...args, context.broker.bootstrap], { ...options, env });
  let taken = 0;
  let failure: Error | null = null;
  let heardAt = Date.now();
  try {
    while (failure === null) {
      const newline = program.stdout.indexOf('\n', taken);
      if (newline >= 0) {
        const line = program.stdout.slice(taken, newline);
        taken = newline + 1;
        heardAt = Date.now();
        await obey(context, program, line);
      } else if (program.exitCode !== null) {
        if (program.exitCode === 0) return;
        failure = new Error(`exit code ${program.exitCode}`);
      } else if (Date.now() - heardAt > SILENCE_MS) {
        failure = new Error(`silent for ${SILENCE_MS} ms`);
      } else {
        await printed(program);
      }
    }
  } finally {
    await program.stop('SIGKILL');
  }
  throw new Error(`${failure.message}\n${program.stderr.slice(-3000)}`);
}

async function obey(context: SuiteContext, program: Running, line: string): Promise<void> {
  if (!line.startsWith('{')) return;
  const event = JSON.parse(line) as Event;
  if (event.note !== undefined) context.note(event.note);
  if (event.case !== undefined && event.verdict !== undefined) {
    context.report({ name: event.case, verdict: event.verdict, detail: event.detail ?? '' });
  }
  if (event.restart) {
    await context.broker.restart();
    program.write('restarted\n');
  }
}

function printed(program: Running): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 250);
    program.onOutput = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
