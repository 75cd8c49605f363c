"""A Kedge for all tests, empty when each begins."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest


class Kedge:
    """`kedge dev`, and what its routes under /test do."""

    def __init__(self, kafka_port, http_port):
        self.bootstrap_servers = f'127.0.0.1:{kafka_port}'
        self.url = f'http://127.0.0.1:{http_port}'

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f'{self.url}/test{path}', data, method=method)
        request.add_header('content-type', 'application/json')
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def reset(self):
        self.ask('POST', '/reset')

    def seed(self, topics=(), records=()):
        self.ask('POST', '/seed', {'topics': list(topics), 'records': list(records)})

    def fault(self, **spec):
        return self.ask('POST', '/faults', spec)['id']

    def hits(self, fault):
        return next(one['hits'] for one in self.ask('GET', '/faults')['faults'] if one['id'] == fault)

    def advance_clock(self, seconds):
        self.ask('POST', '/clock', {'advanceMs': seconds * 1000})

    def crash(self):
        starts = self.starts()
        self.ask('POST', '/crash')
        self.wait_for(lambda: self.starts() > starts)

    def starts(self):
        return self.ask('GET', '')['starts']

    def wait_for(self, condition):
        deadline = time.monotonic() + 30
        while True:
            try:
                if condition():
                    return
            except (urllib.error.URLError, ConnectionError):
                pass  # not yet, or not again
            assert time.monotonic() < deadline, 'Kedge does not answer'
            time.sleep(0.02)


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


@pytest.fixture(scope='session')
def running_kedge():
    kedge = Kedge(free_port(), free_port())
    kafka_port, http_port = (where.rsplit(':', 1)[1] for where in (kedge.bootstrap_servers, kedge.url))
    command = ['npx', 'kedge', 'dev', '--memory', '--test-controls']
    ports = ['--kafka-port', kafka_port, '--http-port', http_port]
    with subprocess.Popen(command + ports, stdout=subprocess.DEVNULL) as process:
        try:
            kedge.wait_for(lambda: kedge.starts() > 0)
            yield kedge
        finally:
            process.terminate()


@pytest.fixture
def kedge(running_kedge):
    running_kedge.reset()
    return running_kedge
