/** kafka-python 2.0.2, as Debian ships it. */
import { debianClient } from '../python.ts';

const packages = ['python3-kafka', 'python3-lz4', 'python3-snappy', 'python3-zstandard'];

export const suite = debianClient('kafka-python-2', packages, { readme: 'kafka-python' });
