"""What the Python suites share: cases, their time limit, and the lines that `program.ts` reads.

A case is a function; it fails by raising. The first argument of the program is the bootstrap
server, as a user writes it.
"""

import json
import os
import signal
import sys
import threading
import time
import traceback
import uuid

BOOTSTRAP = sys.argv[1] if len(sys.argv) > 1 else "localhost:9092"
CASE_LIMIT_SECONDS = 60

_cases = []


class Skip(Exception):
    """Raised by a case that cannot run here."""


def case(name):
    """Registers a case under the name it has in passing.txt."""

    def register(function):
        _cases.append((name, function))
        return function

    return register


def unique(name):
    """A topic or group name that nobody has used before."""
    return f"{name}-{uuid.uuid4().hex[:8]}"


def equal(actual, expected):
    assert actual == expected, f"expected {expected!r}, got {actual!r}"


def until(condition, what, seconds=30, pause=0.05):
    """Calls `condition` until it answers something true, and returns that."""
    limit = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < limit, f"waited in vain for {what}"
        time.sleep(pause)


def raises(error, function):
    """The exception of this type that `function` must raise."""
    try:
        function()
    except error as raised:
        return raised
    raise AssertionError(f"expected {error}")


def in_background(function):
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    return thread


def restart_broker():
    """Stops the broker and starts it on the same ports and data; back when it is up again."""
    if os.environ.get("COMPAT_RESTARTABLE") != "yes":
        raise Skip("this broker cannot be restarted from here")
    _say({"restart": True})
    sys.stdin.readline()


def note(text):
    """One line for whoever reads along."""
    _say({"note": text})


def _say(event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def _too_late(_signal, _frame):
    raise TimeoutError(f"still running after {CASE_LIMIT_SECONDS} s")


def _verdict(function):
    signal.alarm(CASE_LIMIT_SECONDS)
    try:
        function()
        return {"verdict": "passed"}
    except Skip as reason:
        return {"verdict": "skipped", "detail": str(reason)}
    except BaseException as error:  # a case must not end the others, whatever it raises
        if isinstance(error, KeyboardInterrupt):
            raise
        summary = f"{type(error).__name__}: {error}"
        return {"verdict": "failed", "detail": f"{summary}\n{traceback.format_exc(limit=-4)}"}
    finally:
        signal.alarm(0)


def main():
    """Runs every case, or the one that was asked for."""
    signal.signal(signal.SIGALRM, _too_late)
    wanted = os.environ.get("COMPAT_CASE") or None
    for name, function in _cases:
        if wanted in (None, name):
            _say({"case": name, **_verdict(function)})
    sys.stdout.flush()
    os._exit(0)  # clients' background threads must not hold up the end
