"""Leases: one holder, and what happens to them when it dies, freezes or loses the database."""

import os
import signal
import subprocess
import sys
import time

import psycopg
import pytest

from audit import OwnLeases, StorageError, open_leases

HOLDER = """
import sys, time
import audit.sql.leases
audit.sql.leases.SILENCE = "1s"
leases = audit.sql.leases.PostgresLeases(sys.argv[1])
print(leases.hold("work"), flush=True)
time.sleep(600 if sys.argv[2] == "silent" else 0)
while True:
    leases.hold("work")
    time.sleep(0.2)
"""


def holder(url, manner="working"):
    """A process that holds the lease, and asks for it again as long as it works."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, url, manner], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "True\n"
    return process


def seconds_until_free(leases):
    started = time.monotonic()
    while not leases.hold("work"):
        assert time.monotonic() - started < 10
        time.sleep(0.02)
    return time.monotonic() - started


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_lease_ends_with_its_holder(postgres, how):
    """
    Killed: at once; frozen: when its session was silent for too long. While it works it keeps the lease.
    """
    process, leases = holder(postgres), open_leases(postgres)
    time.sleep(1.5)
    was_free = leases.hold("work")
    os.kill(process.pid, how)
    waited = seconds_until_free(leases)
    process.kill()
    process.wait()
    leases.close()

    assert not was_free
    assert waited < 3.0


def test_a_lease_that_went_with_the_session_is_taken_again(postgres):
    """
    The database ended the session: the holder is told, and asks anew; meanwhile another may have it.
    """
    first, second = open_leases(postgres), open_leases(postgres)
    held = first.hold("work"), second.hold("work")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
        )
    with pytest.raises(StorageError):
        first.hold("work")

    assert (True, False) == held
    assert second.hold("work")
    assert not first.hold("work")
    first.close()
    second.close()


def test_a_store_of_one_process_has_no_rivals():
    """
    Everything is its own, always.
    """
    leases = open_leases("sqlite:///any.db")

    assert isinstance(leases, OwnLeases)
    assert leases.hold("work")
    assert leases.hold("work")
