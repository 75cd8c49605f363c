/** kafka-python 3 from PyPI, in a virtual environment of its own. */
import { join } from 'node:path';
import { cacheOf, download, once, pathOf } from '../install.ts';
import { runToEnd } from '../processes.ts';
import { runProgram } from '../program.ts';
import type { Suite } from '../suite.ts';

const REQUIREMENTS = pathOf('kafka-python-3/requirements.txt');

function python(): string {
  return join(cacheOf('kafka-python-3'), 'venv', 'bin', 'python');
}

async function install(): Promise<void> {
  const cache = cacheOf('kafka-python-3');
  await once(join(cache, 'installed'), [REQUIREMENTS], async () => {
    await runToEnd('/usr/bin/python3', ['-m', 'venv', '--clear', join(cache, 'venv')]);
    await download(python(), ['-m', 'pip', 'install', '--quiet', '-r', REQUIREMENTS]);
  });
}

export const suite: Suite = {
  name: 'kafka-python-3',
  debianPackages: [{ name: 'python3-venv' }],
  install,
  version: async () => {
    const program = 'import kafka; print("kafka-python", kafka.__version__, end="")';
    return runToEnd(python(), ['-c', program]);
  },
  run: (context) => {
    const env = { PYTHONPATH: pathOf('python'), PYTHONDONTWRITEBYTECODE: '1' };
    return runProgram(context, python(), [pathOf('kafka-python-3/cases.py')], { env });
  },
};
