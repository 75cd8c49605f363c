/**
 * Wrangler, which is what Cloudflare deploys Workers with: the project's own where it has one, else
 * the one Kedge is tested with, by npx. The surprise: it is not a dependency of Kedge, being larger
 * than all of it, and whoever only runs Kedge on a machine of their own never needs it.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Refused } from '../usage.ts';

export interface Wrangler {
  /** `4.164.0` */
  readonly version: string;
  /** Whether npx has to bring it. */
  readonly isDownloaded: boolean;
  /** As a person would type it, before what follows. */
  readonly typed: string;
  run(args: readonly string[], how?: HowToRun): Promise<Ran>;
}

export interface HowToRun {
  /** Given on standard input, where no list of processes shows it. */
  readonly input?: string;
  /** What it says while it runs. */
  readonly onText?: (text: string) => void;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  /** Both streams, as they came. */
  readonly output: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Older ones do not know what `[[connect]]` is. */
const least = [4, 164] as const;

/** `pinned`: the version to take where the project has none. Throws Refused. */
export function wranglerFor(folder: string, environment: Environment, pinned: string): Wrangler {
  const installed = installedIn(folder);
  const [major, minor] = (installed?.version ?? pinned).split('.').map(Number);
  if (major < least[0] || (major === least[0] && minor < least[1])) {
    throw new Refused(
      `the project has wrangler ${installed?.version}, and Kedge needs ${least.join('.')} or ` +
        `newer: npm install --save-dev wrangler@${pinned}.`,
    );
  }
  const [command, ...first] = installed
    ? [process.execPath, installed.program]
    : ['npx', '--yes', `wrangler@${pinned}`];
  return {
    version: installed?.version ?? pinned,
    isDownloaded: installed === undefined,
    typed: installed ? 'npx wrangler' : `npx wrangler@${pinned}`,
    run: (args, how = {}) => runProgram(command, [...first, ...args], folder, environment, how),
  };
}

/** As Node.js would find it, from there upward. */
function installedIn(folder: string): { version: string; program: string } | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const place = join(at, 'node_modules/wrangler');
    if (existsSync(join(place, 'package.json'))) {
      const { version, bin } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
      const program = join(place, typeof bin === 'string' ? bin : bin.wrangler);
      return { version, program };
    }
    if (dirname(at) === at) return undefined;
  }
}

function runProgram(
  command: string,
  args: readonly string[],
  cwd: string,
  environment: Environment,
  how: HowToRun,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...environment, WRANGLER_HIDE_BANNER: 'true', ...how.environment },
      // npx is a script of another kind on Windows.
      shell: process.platform === 'win32' && command === 'npx',
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(how.timeoutMs !== undefined && { timeout: how.timeoutMs }),
    });
    let stdout = '';
    let output = '';
    const heard = (text: string): void => {
      output += text;
      how.onText?.(text);
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      heard(text);
    });
    child.stderr.setEncoding('utf8').on('data', heard);
    child.once('error', (error) => reject(new Refused(`${command}: ${error.message}.`)));
    child.once('close', (code) => resolve({ code: code ?? 1, stdout, output }));
    // It may end without reading what it is given.
    child.stdin.on('error', () => {});
    child.stdin.end(how.input ?? '');
  });
}

/** What can be done about it, by what Wrangler says. */
const advice: readonly (readonly [RegExp, (wrangler: Wrangler) => string])[] = [
  [
    /code: (10000|9109)\b|authentication error/i,
    () =>
      'Those credentials may not do this: an API token needs Workers Scripts: Edit, and Workers ' +
      'Routes: Edit for a domain.',
  ],
  [
    /more than one account|specify an account ID/i,
    () => 'Say which account: set CLOUDFLARE_ACCOUNT_ID.',
  ],
  [
    /necessary to set a CLOUDFLARE_API_TOKEN|could not authenticate|not (authenticated|logged in)/i,
    ({ typed }) => `Log in once with: ${typed} login. Or set CLOUDFLARE_API_TOKEN, as in CI.`,
  ],
  [
    /workers\.dev subdomain/i,
    () =>
      'Choose a workers.dev subdomain, once, in the dashboard (Workers & Pages); or put Kedge on ' +
      'a domain of yours: --domain kafka.example.com.',
  ],
  [
    /code: 100(74|61|64)\b|migration/i,
    () =>
      'A Worker of this name is there that has other Durable Objects, or a newer Kedge: choose ' +
      'another --name, or install the version that was deployed last.',
  ],
  [
    /could not find zone|no zone|zone .*not found|code: 10(022|049)\b/i,
    () => 'The domain has to be one of your account, with its name servers at Cloudflare.',
  ],
  [/already in use|externally managed dns/i, () => 'Something else has that domain already.'],
  [
    /fetch failed|ENOTFOUND|ECONNREFUSED|EAI_AGAIN/i,
    () => 'Cloudflare could not be reached: is there a way to the network, a proxy perhaps?',
  ],
];

function adviceOn(output: string, wrangler: Wrangler): string | undefined {
  return advice.find(([said]) => said.test(output))?.[1](wrangler);
}

/** To be thrown where Wrangler did not do it; what it said stands above, or is in it. */
export function refusedBy(what: string, ran: Ran, wrangler: Wrangler, wasHeard: boolean): Refused {
  const said = wasHeard ? [] : [ran.output.trim()];
  const lines = [
    `${what}: wrangler ended with ${ran.code}.`,
    ...said,
    adviceOn(ran.output, wrangler),
  ];
  return new Refused(lines.filter(Boolean).join('\n'));
}
