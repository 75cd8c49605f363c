/**
 * The benchmark beside its peers, a few records of each: that they can still be had, start, and are
 * measured. The surprise: no figure is looked at but for being there, since this is no quiet place.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtNats, debianNats } from '../../../bench/speed/peers/nats-server.ts';
import type { Results } from '../../../bench/speed/results.ts';
import { installApacheKafka } from '../apache-kafka/kafka.ts';
import { pathOf } from '../install.ts';
import { fetchJars, jdk } from '../maven.ts';
import { Running } from '../processes.ts';
import { type Case, runCases, type Suite } from '../suite.ts';
import { equal } from '../words.ts';

const program = pathOf('../../bench/run.ts');
const records = 200;

interface Peer {
  readonly name: string;
  /** Workloads, and the systems that have figures in each. */
  readonly has: Readonly<Record<string, readonly string[]>>;
}

const kafkas = ['kedge', 'kafka', 'kafka-flush'];
const natses = ['kedge', 'bare', 'nats', 'nats-flush'];

const peers: readonly Peer[] = [
  {
    name: 'kafka',
    has: {
      'produce-1k-1': [...kafkas, 'bare'],
      'java-produce': kafkas,
      'java-consume': kafkas,
    },
  },
  { name: 'nats', has: { 'produce-1k-1': natses, one: natses } },
  { name: 'queues', has: { 'push-one': ['kedge', 'queues'], 'push-100': ['kedge', 'queues'] } },
];

/** Which systems have a figure above nothing in each workload. */
function found({ rows }: Results): Record<string, string[]> {
  const workloads = Map.groupBy(rows, ({ workload }) => workload);
  return Object.fromEntries(
    [...workloads].map(([workload, figures]) => {
      const [{ systems }] = figures;
      const measured = Object.keys(systems).filter((name) =>
        figures.every((figure) => Number.isFinite(figure.systems[name]?.median)),
      );
      return [workload, measured.sort()];
    }),
  );
}

function caseOf({ name, has }: Peer): Case {
  return {
    name,
    timeoutMs: 150_000,
    async run(_, signal) {
      const folder = await mkdtemp(join(tmpdir(), 'kedge-compat-bench-'));
      try {
        const out = join(folder, 'results.json');
        const what = ['--peer', name, '--only', Object.keys(has).join(',')];
        const few = ['--rounds', '1', '--records', `${records}`, '--out', out];
        const bench = new Running(process.execPath, [program, ...what, ...few], { signal });
        bench.closeInput();
        await bench.finished(140_000);
        const expected = Object.entries(has).map(([workload, all]) => [workload, all.toSorted()]);
        equal(found(JSON.parse(await readFile(out, 'utf8'))), Object.fromEntries(expected));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

export const suite: Suite = {
  name: 'bench',
  long: true,
  debianPackages: jdk,
  async install() {
    await debianNats();
    await builtNats();
    await fetchJars('java-tools');
    await installApacheKafka();
  },
  version: async () => 'kafka, nats and queues, beside Kedge',
  run: (context) => runCases(peers.map(caseOf), context),
};
