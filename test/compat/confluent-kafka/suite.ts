/** confluent-kafka as Debian ships it, for Debian's own Python. */
import { pathOf } from '../install.ts';
import { runToEnd } from '../processes.ts';
import { runProgram } from '../program.ts';
import type { Suite } from '../suite.ts';

const PYTHON = '/usr/bin/python3';
const VERSION = `
import confluent_kafka as c
print("confluent-kafka", c.version()[0], "on librdkafka", c.libversion()[0], end="")
`;

export const suite: Suite = {
  name: 'confluent-kafka',
  debianPackages: [{ name: 'python3-confluent-kafka' }],
  install: async () => {},
  version: () => runToEnd(PYTHON, ['-c', VERSION]),
  run: (context) => {
    const env = { PYTHONPATH: pathOf('python'), PYTHONDONTWRITEBYTECODE: '1' };
    return runProgram(context, PYTHON, [pathOf('confluent-kafka/cases.py')], { env });
  },
};
