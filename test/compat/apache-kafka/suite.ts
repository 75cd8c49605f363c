/**
 * The differential test: the same scripted requests to Apache Kafka and to Kedge, whose answers are
 * compared field by field. What may differ is listed in `intended.ts`, and must.
 */
import { randomUUID } from 'node:crypto';
import { fetchJars, jarsOf, jdk } from '../maven.ts';
import type { CaseResult, Suite, SuiteContext } from '../suite.ts';
import { scriptsNamed } from './cases/index.ts';
import { type Difference, differences, told } from './compare.ts';
import { copiesCase, playCopies } from './copies.ts';
import { type Intended, intended, isIntended } from './intended.ts';
import { installApacheKafka, startApacheKafka } from './kafka.ts';
import { type Address, Player, type Script } from './player.ts';

const AT_ONCE = 12;
const LIST_CASE = 'intended-differences-occur';

async function steps({ name, play }: Script, address: Address, run: string) {
  const on = new Player(address, `${name}-${run}`);
  let failure: string | null = null;
  try {
    await play(on);
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  } finally {
    on.close();
  }
  return { steps: on.steps, failure };
}

/** Plays one script to both and judges it; notes which intended differences it met. */
export async function playBoth(
  script: Script,
  [kafka, kedge]: readonly [Address, Address],
  met: Set<Intended>,
): Promise<CaseResult> {
  const run = randomUUID().slice(0, 8); // both have the same names: some are hashed
  const [theirs, ours] = await Promise.all([steps(script, kafka, run), steps(script, kedge, run)]);
  const unintended = differences(theirs.steps, ours.steps).filter((difference) => {
    const known = intended.filter((one) => isIntended(one, script.name, difference));
    for (const one of known) met.add(one);
    return known.length === 0;
  });
  const lines = unintended.map((one: Difference) => told(one));
  if (theirs.failure !== null) lines.push(`with Kafka the script broke off: ${theirs.failure}`);
  if (ours.failure !== null) lines.push(`with Kedge the script broke off: ${ours.failure}`);
  if (theirs.steps.length === 0) lines.push('the script compares nothing');
  const verdict = lines.length === 0 ? 'passed' : 'failed';
  return { name: script.name, verdict, detail: lines.join('\n') };
}

async function run(context: SuiteContext): Promise<void> {
  const [host, port] = context.broker.bootstrap.split(':');
  const kedge: Address = { host: host!, kafkaPort: Number(port) };
  await using kafka = await startApacheKafka();
  const met = new Set<Intended>();
  const all = Map.groupBy(scriptsNamed(context.onlyCase), ({ alone = false }) => alone);
  const play = async (waiting: Script[]) => {
    for (let script = waiting.shift(); script; script = waiting.shift()) {
      context.report(await playBoth(script, [kafka, kedge], met));
    }
  };
  const together = [...(all.get(false) ?? [])];
  await Promise.all(Array.from({ length: AT_ONCE }, () => play(together)));
  await play([...(all.get(true) ?? [])]);
  if (context.onlyCase === null || context.onlyCase === copiesCase) {
    context.report(await playCopies(kafka, kedge, jarsOf('java-tools')));
  }
  if (context.onlyCase !== null) return;
  const unmet = intended.filter((one) => !met.has(one));
  const detail = unmet.map(({ script, at }) => `no longer differs: ${script}, ${at}`).join('\n');
  const verdict = unmet.length === 0 ? 'passed' : 'failed';
  context.report({ name: LIST_CASE, verdict, detail });
}

export const suite: Suite = {
  name: 'apache-kafka',
  debianPackages: jdk,
  async install() {
    await installApacheKafka();
    // For the tool that reads log files.
    await fetchJars('java-tools');
  },
  version: async () => 'Apache Kafka 4.4.0, the broker',
  run,
};
