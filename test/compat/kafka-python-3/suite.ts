/** kafka-python 3, from PyPI. */
import { pypiClient } from '../python.ts';

export const suite = pypiClient('kafka-python-3', { readme: 'kafka-python' });
