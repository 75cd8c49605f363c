/** `kedge doctor`: what may be wrong, and what to do about it. */
import { hostname } from 'node:os';
import { command as action } from '../command.ts';
import type { Cluster } from '../connection/cluster.ts';
import { settingsFrom } from '../environment/settings.ts';
import type { Output } from '../output.ts';
import { version } from '../program.ts';
import { unknownSettings } from '../unknown-settings.ts';
import { nonEmpty, port as portNumber } from '../values.ts';
import { cluster, isKedge, names, overHttp } from './cluster.ts';
import { type Finding, fail, ok, within } from './finding.ts';
import { dataDirectory, environmentFindings, node, workerd } from './machine.ts';
import { profiles, wrangler } from './own-files.ts';
import { isOneProgram, port } from './ports.ts';

const localName = '127.0.0.1:9092';
const quickMs = 6_000;
const clusterMs = 15_000;

type Environment = Readonly<Record<string, string | undefined>>;

export const command = action({
  name: 'doctor',
  summary: 'look for what may be wrong, and say what to do about it',
  description:
    'Looks at this machine, and at the cluster that --bootstrap, --url or a profile names: ' +
    'whether it is reached, who you are to it, and whether the addresses it sends Kafka clients ' +
    'to can be reached from here. The exit code is 1 where something fails; warnings are none.',
  options: {
    'data-dir': { value: 'directory', summary: 'where kedge dev keeps data', parse: nonEmpty },
    'kafka-port': { value: 'port', summary: 'of kedge dev', default: '9092', parse: portNumber },
    'http-port': { value: 'port', summary: 'of kedge dev', default: '8787', parse: portNumber },
  },
  connects: true,
  examples: [
    { command: 'kedge doctor' },
    { command: 'kedge doctor --bootstrap kafka.example.com:9092' },
    { command: 'kedge doctor --profile kedge --json' },
  ],
  async run({ options, output, environment, connect }) {
    const { read, problem } = environmentOf(environment);
    const ports = { kafka: options['kafka-port'], http: options['http-port'] };
    const answersHere = quickly(isKedge(`http://127.0.0.1:${ports.http}`));
    const there = await connect();
    const isHere = there.name === localName;
    const checks = [
      within('Node.js', quickMs, node),
      within('workerd', quickMs, () => workerd()),
      within('data', quickMs, () =>
        dataDirectory(options['data-dir'] ?? read?.dataDir ?? '.kedge'),
      ),
      within('port', quickMs, () =>
        port(
          'Kafka clients',
          ports.kafka,
          '--kafka-port',
          async () => (await answersHere) && isOneProgram(ports.kafka, ports.http),
        ),
      ),
      within('port', quickMs, () => port('HTTP', ports.http, '--http-port', () => answersHere)),
      within('environment', quickMs, async () =>
        environmentFindings(problem, [...(read?.remarks ?? []), ...unknownSettings(environment)]),
      ),
      within('profiles', quickMs, () => profiles(environment)),
      within('wrangler', quickMs, () => wrangler(process.cwd(), environment)),
      ...(isHere ? [hereFindings(there, answersHere)] : thereFindings(there)),
    ];
    const findings = (await Promise.all(checks)).flat();
    tell(findings, output);
    return findings.some(({ health }) => health === 'fail') ? 1 : 0;
  },
});

function environmentOf(environment: Environment) {
  try {
    return { read: settingsFrom(environment, {}, hostname()), problem: undefined };
  } catch (error) {
    return { read: undefined, problem: (error as Error).message };
  }
}

/** Where nobody named a cluster, one need not be there. */
async function hereFindings(
  there: Cluster,
  answersHere: Promise<boolean>,
): Promise<readonly Finding[]> {
  if (await answersHere) return within('cluster', clusterMs, () => cluster(there));
  return [ok('cluster', 'no Kedge runs on this machine: kedge dev starts one')];
}

function thereFindings(there: Cluster): Promise<readonly Finding[]>[] {
  const { name } = there;
  const url = URL.parse(name);
  const isUrl = url !== null && /^[a-z]+:\/\//.test(name);
  const hosts = isUrl
    ? [url.hostname.replace(/^\[|\]$/g, '')]
    : name.split(',').map((one) => one.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''));
  return [
    within('name', quickMs, () => names(hosts)),
    within('cluster', clusterMs, () => cluster(there)),
    ...(there.isHttp ? [within('http', quickMs, () => httpFindings(name))] : []),
  ];
}

async function httpFindings(url: string): Promise<readonly Finding[]> {
  const { number } = await version();
  return overHttp(url, number).catch((error: Error) => {
    // Of certificates and the like, the reason is beneath.
    const cause = error.cause as (Error & { code?: string }) | undefined;
    return [fail('HTTP', `${url} cannot be asked: ${cause?.message ?? error.message}`)];
  });
}

const quickly = (asked: Promise<boolean>): Promise<boolean> => asked.catch(() => false);

const signs = { ok: ['green', 'ok  '], warn: ['yellow', 'warn'], fail: ['red', 'FAIL'] } as const;

function tell(findings: readonly Finding[], output: Output): void {
  const width = Math.max(...findings.map(({ check }) => check.length));
  output.result(findings, () => {
    for (const { check, health, says, advice } of findings) {
      const [colour, word] = signs[health];
      const sign = output.style(colour, word, output.stdout);
      output.line(`${sign}  ${check.padEnd(width)}  ${says}`);
      if (advice !== undefined) output.line(`${' '.repeat(width + 8)}→ ${advice}`);
    }
  });
}
