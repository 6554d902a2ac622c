"""
What is made at first use is made while many threads ask: a service that has just started is asked by all its clients.
"""

import subprocess
import sys

# Each round is a process that has its imports and has read nothing yet.
SCRIPT = """
import os, sys, threading
from contextlib import suppress

from audit.errors import AuditError
from audit.canonical import decode_object
from decision_service.decision import Outcome, Question
from decision_service.errors import InvalidRequestError
from decision_service.usecases.release_guard import read_guard
from decision_service.usecases.release_parameters import read_parameters
from optimization.network import Snapshot

READS = [
    *(lambda kind=kind: decode_object(b"{}", kind) for kind in (Outcome, Question, Snapshot)),
    lambda: read_guard({}, "guard.yaml"),
    lambda: read_parameters({}, "parameters.yaml"),
]
sys.setswitchinterval(1e-5)

def read(first, door):
    door.wait()
    for each in READS[first:] + READS[:first]:
        with suppress(AuditError, InvalidRequestError):
            each()

def crowd():
    door = threading.Barrier(8)
    threads = [threading.Thread(target=read, args=(n % len(READS), door)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os._exit(0)

ended = []
for _ in range(60):
    child = os.fork()
    if child == 0:
        crowd()
    ended.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(sorted(set(ended)))
"""


def test_many_threads_meet_a_type_at_once():
    """
    Without a lock, msgspec 0.22 kills most of these processes (SIGSEGV).
    """
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)

    assert done.stdout == "[0]\n", done.stderr
