/**
 * A suite for whatever runs JavaScript: the SDK in it, over both transports that leave the machine,
 * and through a Kedge that is killed. The program is the same for all.
 */
import { join } from 'node:path';
import { cacheOf, download, pathOf } from './install.ts';
import { runToEnd } from './processes.ts';
import { type Case, runCases, type Suite, type SuiteContext } from './suite.ts';
import { equal, needsRestart, unique } from './words.ts';

export interface Runtime {
  /** The folder under `test/compat`, and the package that brings the program. */
  readonly name: string;
  readonly version: string;
  /** What stands between the program and the file it is to run. */
  readonly args: readonly string[];
}

const whole = 1_000;

export function javascriptSuite({ name, version, args }: Runtime): Suite {
  const cache = () => cacheOf(name);
  const program = () => join(cache(), 'node_modules/.bin', name);
  const sdk = async (context: SuiteContext, scheme: string, spreadMs: number) => {
    const { url } = context.broker;
    if (url === null) throw new Error('this broker has no HTTP');
    const address = url.replace('http', scheme);
    const of = [address, unique(`sdk-${scheme}`), String(whole), String(spreadMs)];
    const all = [...args, pathOf('javascript-program.ts'), ...of];
    return runToEnd(program(), all, { timeoutMs: 60_000 });
  };
  const check = (output: string) =>
    equal(
      JSON.parse(output),
      Array.from({ length: whole }, (_, index) => index),
    );
  const cases: Case[] = ['http', 'ws'].flatMap((scheme) => [
    {
      name: `${scheme}-there-and-back`,
      run: async (context: SuiteContext) => check(await sdk(context, scheme, 0)),
    },
    {
      name: `${scheme}-through-a-kill`,
      timeoutMs: 90_000,
      async run(context: SuiteContext) {
        needsRestart(context);
        const output = sdk(context, scheme, 3_000);
        // What fails meanwhile is told below.
        output.catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        await context.broker.restart('SIGKILL');
        check(await output);
      },
    },
  ]);
  return {
    name,
    settings: { KEDGE_TOKEN: 'secret', KAFKA_NUM_PARTITIONS: '3' },
    debianPackages: [],
    install: () =>
      download('npm', ['install', '--no-save', '--prefix', cache(), `${name}@${version}`]),
    version: async () => `${name} ${version}`,
    run: (context) => runCases(cases, context),
  };
}
