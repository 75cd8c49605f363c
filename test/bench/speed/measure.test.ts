import { describe, expect, it } from 'vitest';
import { endLoads } from '../../../bench/speed/loads.ts';
import { measure } from '../../../bench/speed/measure.ts';
import type { Running, System } from '../../../bench/speed/system.ts';
import type { Round, Workload } from '../../../bench/speed/workload.ts';

/** Systems that write down what becomes of them. */
function system(name: string, log: string[]): System {
  const start = async (): Promise<Running> => {
    log.push(`${name} starts`);
    return {
      dialect: 'kafka',
      host: '',
      port: 0,
      version: `${name} 1`,
      pids: () => [],
      stop: async () => {
        log.push(`${name} stops`);
      },
    };
  };
  return { name, title: name, start };
}

type Taking = (version: string, round: Round) => number | undefined;

function workload(name: string, take: Taking, more: Partial<Workload> = {}): Workload {
  return {
    name,
    title: name,
    figures: [{ name: 'speed', unit: 'MB/s', better: 'higher' }],
    async sample({ version }, round) {
      const speed = take(version, round);
      return speed === undefined ? undefined : { speed };
    },
    ...more,
  };
}

function run(workloads: readonly Workload[], log: string[], check = () => {}) {
  const systems = [system('kedge', log), system('bare', log)];
  return measure({ systems, workloads, rounds: 3, onProgress: () => {}, check });
}

describe('measuring', () => {
  it('takes turns, another first in each round, and drops the first round', async () => {
    const log: string[] = [];
    const { workloads, versions } = await run(
      [workload('produce', (version, { number }) => log.push(`${version} in ${number}`))],
      log,
    );
    expect(log.filter((line) => / in /.test(line))).toEqual([
      ...['kedge 1 in 0', 'bare 1 in 0', 'bare 1 in 1', 'kedge 1 in 1'],
      ...['kedge 1 in 2', 'bare 1 in 2', 'bare 1 in 3', 'kedge 1 in 3'],
    ]);
    expect(workloads[0].samples.get('kedge')).toHaveLength(3);
    expect(versions).toEqual({ kedge: 'kedge 1', bare: 'bare 1' });
    expect(log.slice(-2)).toEqual(['kedge stops', 'bare stops']);
  });

  it('starts each anew for every look where a workload wants that, before all others', async () => {
    const log: string[] = [];
    const fresh = workload('start', () => 1, { fresh: true, rounds: 1 });
    const { workloads } = await run([workload('produce', () => 2), fresh], log);
    expect(workloads.map((one) => one.workload.name)).toEqual(['produce', 'start']);
    const starts = ['kedge starts', 'kedge stops', 'bare starts', 'bare stops'];
    expect(log.slice(0, 4)).toEqual(starts);
    expect(log).toHaveLength(12);
    expect(workloads[1].samples.get('bare')).toEqual([{ speed: 1 }]);
  });

  it('leaves empty what a system does not have, and goes on after a failure', async () => {
    const fails = workload('fetch', (version, { number }) => {
      if (version === 'bare 1' && number === 2) throw new Error('a wrong answer');
      return 1;
    });
    const without = workload('tail', (version) => (version === 'bare 1' ? undefined : 1));
    const { workloads, failures } = await run([fails, without], []);
    expect(failures).toEqual(['fetch, bare: a wrong answer']);
    for (const { samples } of workloads) expect([...samples.keys()]).toEqual(['kedge']);
  });

  it('stops what it started when nobody wants more', async () => {
    const log: string[] = [];
    let looks = 0;
    const check = () => {
      if (++looks === 4) throw new Error('no more');
      endLoads();
    };
    await expect(run([workload('produce', () => 1)], log, check)).rejects.toThrow('no more');
    expect(log.slice(-2)).toEqual(['kedge stops', 'bare stops']);
  });
});
