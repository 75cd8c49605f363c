/**
 * kcat through `kedge tunnel` into `wrangler dev`, its connections closed after every 50 requests:
 * what somebody does who reaches a deployed Kedge with a client of the command line. The broker the
 * other suites share is not used.
 */
import { join } from 'node:path';
import { startWranglerDev, type WranglerDev } from '../../cli/tunnel/wrangler-dev.ts';
import { Running, runToEnd } from '../processes.ts';
import { type Case, runCases, type Suite } from '../suite.ts';
import { equal, lines, unique } from '../words.ts';

const records = 10_000;
const program = join(import.meta.dirname, '../../../src/cli/kedge.ts');

interface Ends {
  readonly wrangler: WranglerDev;
  readonly tunnel: Running;
  readonly bootstrap: string;
}

async function open(): Promise<Ends> {
  const wrangler = await startWranglerDev({
    KEDGE_OPEN: 'true',
    KEDGE_REQUESTS_PER_CONNECTION: '50',
    KAFKA_NUM_PARTITIONS: '4',
  });
  const tunnel = new Running(process.execPath, [
    ...[program, 'tunnel', wrangler.url, '--listen', '127.0.0.1:0'],
  ]);
  const address = / at (\S+)\. Ctrl-C/;
  await tunnel.until(({ stdout }) => address.test(stdout), 'its address');
  return { wrangler, tunnel, bootstrap: address.exec(tunnel.stdout)![1]! };
}

function kcat({ bootstrap }: Ends, args: readonly string[], input = ''): Promise<string> {
  return runToEnd('kcat', ['-b', bootstrap, ...args], { input, timeoutMs: 60_000 });
}

const numbers = Array.from({ length: records }, (_, index) => `${index}`);

/** Ten records a request, so that there are some 1,000 requests. */
const small = ['-X', 'batch.num.messages=10', '-X', 'linger.ms=0'];

function cases(ends: Ends): Case[] {
  return [
    {
      name: 'idempotent-producer',
      timeoutMs: 90_000,
      async run() {
        const topic = unique('tunnelled');
        const idempotent = ['-X', 'enable.idempotence=true', ...small];
        await kcat(ends, ['-P', '-t', topic, ...idempotent], `${numbers.join('\n')}\n`);
        const read = await kcat(ends, ['-C', '-t', topic, '-o', 'beginning', '-e', '-q']);
        equal(
          lines(read)
            .map(Number)
            .toSorted((left, right) => left - right),
          numbers.map(Number),
        );
      },
    },
    {
      name: 'group',
      timeoutMs: 90_000,
      async run(_context, signal) {
        const topic = unique('tunnelled');
        await kcat(ends, ['-P', '-t', topic], `${numbers.join('\n')}\n`);
        const few = ['-X', 'fetch.message.max.bytes=1000', '-X', 'auto.offset.reset=earliest'];
        const args = ['-b', ends.bootstrap, '-u', '-q', ...few, '-G', unique('g'), topic];
        const member = new Running('kcat', args, { signal });
        const all = () => new Set(lines(member.stdout)).size === records;
        await member.until(all, 'every record', 60_000);
        await member.stop('SIGTERM');
        equal(lines(member.stdout).length, records);
      },
    },
  ];
}

export const suite: Suite = {
  name: 'tunnel',
  debianPackages: [{ name: 'kcat', unless: 'kcat' }],
  async install() {},
  version: async () => {
    const [version] = /Version .*librdkafka [0-9.]+/.exec(await runToEnd('kcat', ['-V'])) ?? [];
    return `kcat ${version ?? ''}`;
  },
  async run(context) {
    const ends = await open();
    try {
      await runCases(cases(ends), context);
    } finally {
      await ends.tunnel.stop('SIGTERM');
      await ends.wrangler.stop();
    }
  },
};
