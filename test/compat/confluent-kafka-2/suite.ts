/** confluent-kafka from PyPI, which carries the newest librdkafka, in a virtual environment of its own. */
import { join } from 'node:path';
import { cacheOf, download, once, pathOf } from '../install.ts';
import { runToEnd } from '../processes.ts';
import { runProgram } from '../program.ts';
import type { Suite } from '../suite.ts';

const REQUIREMENTS = pathOf('confluent-kafka-2/requirements.txt');

const VERSION = `
import confluent_kafka as c
print("confluent-kafka", c.version()[0], "on librdkafka", c.libversion()[0], end="")
`;

function python(): string {
  return join(cacheOf('confluent-kafka-2'), 'venv', 'bin', 'python');
}

async function install(): Promise<void> {
  const cache = cacheOf('confluent-kafka-2');
  await once(join(cache, 'installed'), [REQUIREMENTS], async () => {
    await runToEnd('/usr/bin/python3', ['-m', 'venv', '--clear', join(cache, 'venv')]);
    await download(python(), ['-m', 'pip', 'install', '--quiet', '-r', REQUIREMENTS]);
  });
}

export const suite: Suite = {
  name: 'confluent-kafka-2',
  debianPackages: [{ name: 'python3-venv' }],
  install,
  version: () => runToEnd(python(), ['-c', VERSION]),
  run: (context) => {
    const env = { PYTHONPATH: pathOf('python'), PYTHONDONTWRITEBYTECODE: '1' };
    return runProgram(context, python(), [pathOf('confluent-kafka-2/cases.py')], { env });
  },
};
