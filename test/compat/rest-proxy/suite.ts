/** Scripts to the REST Proxy as people write them in Python, with requests from PyPI. */
import { pypiClient } from '../python.ts';

export const suite = pypiClient('rest-proxy');
