#!/usr/bin/env node
/**
 * `kedge`: the command line. The surprise: a command is loaded only when it is asked for, so that
 * `--help` and the small ones do not wait for what runs a broker.
 */
import { commands } from './commands.ts';
import { runProgram } from './program.ts';

// Whoever reads us may have read enough: `kedge consume … | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const { stdin, stdout, stderr, env: environment } = process;
process.exitCode = await runProgram(commands, process.argv.slice(2), {
  ...{ stdin, stdout, stderr, environment },
});
// Whoever was asked and never answers does not hold us up; whoever reads us has it all before.
for (const stream of [stdout, stderr]) await new Promise((done) => stream.write('', done));
process.exit();
