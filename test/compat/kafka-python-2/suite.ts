/** kafka-python 2.0.2 as Debian ships it, for Debian's own Python. */
import { pathOf } from '../install.ts';
import { runToEnd } from '../processes.ts';
import { runProgram } from '../program.ts';
import type { Suite } from '../suite.ts';

const PYTHON = '/usr/bin/python3';

export const suite: Suite = {
  name: 'kafka-python-2',
  debianPackages: [
    { name: 'python3-kafka' },
    { name: 'python3-lz4' },
    { name: 'python3-snappy' },
    { name: 'python3-zstandard' },
  ],
  install: async () => {},
  version: async () => {
    const program = 'import kafka; print("kafka-python", kafka.__version__, end="")';
    return runToEnd(PYTHON, ['-c', program]);
  },
  run: (context) => {
    const env = { PYTHONPATH: pathOf('python'), PYTHONDONTWRITEBYTECODE: '1' };
    return runProgram(context, PYTHON, [pathOf('kafka-python-2/cases.py')], { env });
  },
};
