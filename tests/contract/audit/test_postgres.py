"""
What only PostgreSQL can promise: roles, guards that hold for everybody, and many replicas.
"""

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from audit import AuditError, NewEntry, NoteError, Signer, StorageError, open_ledger, open_view, verify_ledger
from audit.sql.postgres import LEAD
from audit.sql.postgres_writing import PostgresStanding

SIGNER = Signer("example.com/log", bytes(range(32)))


@pytest.fixture(scope="module")
def filled(fresh_database):
    postgres = fresh_database()
    with open_ledger(postgres, SIGNER) as ledger:
        ledger.append_all(
            tuple(
                NewEntry("k", f"s{n}", {"n": n}, payload=b"p", key=f"k{n}", sets={"p": "x"})
                for n in range(300)
            )
        )
    return postgres


GUARDED = [
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "INSERT INTO {table} SELECT * FROM {table} LIMIT 1 ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column}",
]
KEYS = {
    "entry": "seq",
    "payload": "seq",
    "artifact": "digest",
    "pointer": "name, seq",
    "tile": "level, number",
    "checkpoint": "size",
}


@pytest.mark.parametrize("role", ["origin", "replica"])
@pytest.mark.parametrize("statement", GUARDED)
@pytest.mark.parametrize("table", KEYS)
def test_even_the_owner_cannot_change_the_log_by_accident(filled, table, statement, role):
    """
    UPDATE, DELETE, TRUNCATE and UPSERT are refused, also under session_replication_role=replica.
    """
    column = KEYS[table].split(",")[0]
    with psycopg.connect(filled) as connection:
        connection.execute(f"SET session_replication_role = {role}")
        if table == "artifact":
            connection.execute("INSERT INTO artifact VALUES ('sha256:0', 't', '')")
        with pytest.raises(psycopg.errors.RaiseException, match=r"append-only|erasure is recorded"):
            connection.execute(statement.format(table=table, column=column, key=KEYS[table]))


def insert(places):
    """
    Entries at these places, in one statement.
    """
    values = ", ".join(f"({place})" for place in places)
    return (
        "INSERT INTO entry SELECT place, kind, subject, recorded_at, 'x' || place, payload_commitment, leaf_hash,"
        f" envelope FROM (VALUES {values}) AS new (place), (SELECT * FROM entry LIMIT 1) AS old"
    )


GAPS = {"beyond": (301,), "inside": (300, 302), "before": (-1,), "around": (300, -1), "both": (-1, 301)}


@pytest.mark.parametrize("role", ["origin", "replica"])
@pytest.mark.parametrize("places", GAPS.values(), ids=GAPS)
def test_a_gap_is_refused(filled, places, role):
    """
    The next entries take the next places, whoever inserts them.
    """
    with psycopg.connect(filled) as connection:
        connection.execute(f"SET session_replication_role = {role}")
        with pytest.raises(psycopg.errors.RaiseException, match=r"the next one"):
            connection.execute(insert(places))


@pytest.mark.parametrize("places", [(300,), (301, 300, 302)])
def test_what_follows_without_a_gap_is_taken(filled, places):
    """
    One place or several, in any order of the rows.
    """
    with psycopg.connect(filled) as connection, connection.transaction(force_rollback=True):
        assert connection.execute(insert(places)).rowcount == len(places)


@pytest.fixture(scope="module")
def application(filled):
    """
    The URL of a login that is a member of the writer's role and nothing else.
    """
    with psycopg.connect(filled, autocommit=True) as connection:
        connection.execute(
            "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'service') THEN "
            "CREATE ROLE service LOGIN PASSWORD 'x' IN ROLE decision_log_writer; END IF; END $$",
        )
    return filled.replace("postgres:@", "service:x@")


def test_the_application_role_selects_and_inserts_and_no_more(application):
    """
    The grants, from the catalogue; and what they refuse.
    """
    with psycopg.connect(application, autocommit=True) as connection:
        granted = connection.execute(
            "SELECT DISTINCT privilege_type FROM information_schema.role_table_grants WHERE grantee = 'decision_log_writer'",
        ).fetchall()
        assert {("SELECT",), ("INSERT",)} == set(granted)
        for statement in (
            "UPDATE entry SET kind = 'x'",
            "DELETE FROM payload",
            "DELETE FROM outbox",
            "TRUNCATE entry",
            "ALTER TABLE entry DISABLE TRIGGER ALL",
            "DROP TABLE entry",
            "SET session_replication_role = replica",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
        with pytest.raises(psycopg.errors.RaiseException, match="redaction entry"):
            connection.execute("SELECT ledger_erase(1, 1)")


def test_the_service_works_with_the_application_role(application):
    """
    Appending, sequencing and settling need no more than the role has.
    """
    with open_ledger(application, SIGNER) as ledger:
        assert ledger.append(NewEntry("k", "s", {"by": "service"})).entry.seq == 300
        assert verify_ledger(ledger, [SIGNER.verifier]).holds


def test_three_replicas_make_one_log(postgres):
    """
    Many callers on three ledgers: one dense order, idempotent across replicas, and it verifies.
    """
    replicas = [open_ledger(postgres, SIGNER) for _ in range(3)]

    def call(number):
        key = f"k{number % 200}"  # each key arrives at more than one replica
        return replicas[number % 3].append(NewEntry("k", key, {"key": key}, key=key, key_digest="d"))

    with ThreadPoolExecutor(24) as callers:
        answers = list(callers.map(call, range(400)))
    verification = verify_ledger(replicas[1], [SIGNER.verifier])
    for replica in replicas:
        replica.close()

    assert set(range(200)) == {answer.entry.seq for answer in answers}
    assert [answer.is_repeat for answer in answers].count(False) == 200
    assert verification.holds, verification.problems
    assert verification.entries == 200


REPLICA = """
import sys, time
from audit import Signer, open_ledger
ledger = open_ledger(sys.argv[1], Signer("example.com/log", bytes(range(32))))
time.sleep(1)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_another_replica_takes_over(postgres, how):
    """
    The sequencer is killed, or frozen with its lock in hand: the next append is answered within 5 s.
    """
    leader = subprocess.Popen([sys.executable, "-c", REPLICA, postgres], stdout=subprocess.PIPE, text=True)
    assert leader.stdout.readline() == "ready\n"
    follower = open_ledger(postgres, SIGNER)
    assert follower.append(NewEntry("k", "before", {})).entry.seq == 0
    with psycopg.connect(postgres) as connection:
        leaders = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
        ).fetchone()
    assert leaders == (1,)

    os.kill(leader.pid, how)
    started = time.monotonic()
    assert follower.append(NewEntry("k", "after", {})).entry.seq == 1
    waited = time.monotonic() - started
    leader.kill()
    leader.wait()
    follower.close()

    assert waited < 5.0


def test_an_unanswered_request_is_given_back(postgres, monkeypatch):
    """
    With nobody to sequence, the caller hears that the request may still be recorded, and it is.
    """
    monkeypatch.setattr("audit.sql.outbox.PATIENCE", 1.0)
    with psycopg.connect(postgres) as other:
        ledger = open_ledger(postgres, SIGNER)
        other.execute("LOCK TABLE entry IN SHARE MODE")  # no batch can be written
        with pytest.raises(StorageError, match="same key"):
            ledger.append(NewEntry("k", "s", {}, key="k", key_digest="d"))
        other.rollback()
        monkeypatch.undo()
        again = ledger.append(NewEntry("k", "s", {}, key="k", key_digest="d"))
        ledger.close()

    assert again.entry.seq == 0


def test_what_the_store_does_not_take_holds_up_no_other(postgres, together):
    """
    A key too long for an index entry is refused for itself; what shares its batch is recorded.
    """
    too_long = "".join(chr(0x4E00 + 37 * n % 20_000) for n in range(1000))  # nothing to compress
    with open_ledger(postgres, SIGNER) as ledger:
        first, refused, second = together(
            ledger, [NewEntry("k", "s", {}, key=key) for key in ("a", too_long, "b")]
        )

        assert (first.entry.seq, second.entry.seq) == (0, 1)
        assert isinstance(refused, AuditError)
        assert "does not take it" in str(refused)
        assert ledger.append(NewEntry("k", "s", {})).entry.seq == 2


def test_a_request_that_nobody_can_read_holds_up_no_other(postgres):
    """
    Whoever may write to the outbox may write anything: it is refused, and what comes after it is recorded.
    """
    with open_ledger(postgres, SIGNER) as ledger:
        ledger.append(NewEntry("k", "s", {}))
        for garbage in (b"", b"\xc1", b"\x91\x80"):
            with psycopg.connect(postgres) as other:
                other.execute("INSERT INTO outbox (ticket, request) VALUES (%s, %s)", (uuid.uuid4(), garbage))
                other.execute("NOTIFY ledger_waiting")
        seq = ledger.append(NewEntry("k", "s", {})).entry.seq
        with psycopg.connect(postgres) as other:
            for _ in range(100):
                left = other.execute(
                    "SELECT count(*) FROM outbox WHERE ticket NOT IN (SELECT ticket FROM outcome)"
                ).fetchone()
                if left == (0,):
                    break
                time.sleep(0.05)
        later = ledger.append(NewEntry("k", "s", {})).entry.seq

    assert (1, 2, (0,)) == (seq, later, left)


@pytest.mark.parametrize("garbage", ["", "{}", '{"entries": [[7, false]]}', '{"refusal": "unheard of"}'])
def test_an_answer_that_nobody_can_read_is_an_answer(postgres, garbage):
    """
    Whoever asked hears that it may be recorded, at once; who asks beside it is not held up.
    """
    with psycopg.connect(postgres, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (LEAD,))  # nobody leads
        with open_ledger(postgres, SIGNER) as ledger, ThreadPoolExecutor() as pool:
            asked = pool.submit(ledger.append, NewEntry("k", "s", {}, key="k", key_digest="d"))
            while not (found := other.execute("SELECT ticket FROM outbox").fetchone()):
                time.sleep(0.05)
            other.execute("INSERT INTO outcome (ticket, content) VALUES (%s, %s)", (found[0], garbage))
            other.execute("NOTIFY ledger_settled")
            with pytest.raises(StorageError, match=r"cannot be read.*same key"):
                asked.result(10)
            other.execute("SELECT pg_advisory_unlock(%s)", (LEAD,))

            assert 0 == ledger.append(NewEntry("k", "s", {}, key="k", key_digest="d")).entry.seq


def test_what_the_leader_knows_it_does_not_ask(postgres, monkeypatch):
    """
    A question is a round trip: pointers are asked for once, keys when a batch was not all new.
    """
    asked, look = [], PostgresStanding.look

    def counted(self, keys, names):
        asked.append(True)
        return look(self, keys, names)

    monkeypatch.setattr(PostgresStanding, "look", counted)
    news = [NewEntry("k", "s", {"n": n}, key=f"k{n}", requires={"p": None}) for n in range(4)]
    with open_ledger(postgres, SIGNER) as ledger:
        told = [ledger.append(new) for new in (*news, news[1])]

    assert [0, 1, 2, 3, 1] == [appended.entry.seq for appended in told]
    assert [False] * 4 + [True] == [appended.is_repeat for appended in told]
    assert 2 == len(asked)


def test_whatever_anybody_says_on_the_channels_nothing_stops(postgres):
    """
    Notifications are open to every login of the database: a stranger's are no answer and no harm.
    """
    leader, follower = open_ledger(postgres, SIGNER), open_ledger(postgres, SIGNER)
    with psycopg.connect(postgres, autocommit=True) as stranger:
        for channel in ("ledger_waiting", "ledger_settled"):
            for payload in ("", "x", "x y", f'x [["{uuid.uuid4()}", {{"entries": [[0, false]]}}]]'):
                stranger.execute("SELECT pg_notify(%s, %s)", (channel, payload))
    seqs = {ledger.append(NewEntry("k", "s", {})).entry.seq for ledger in (leader, follower, leader)}
    leader.close()
    follower.close()

    assert {0, 1, 2} == seqs


def test_a_key_is_not_rotated_behind_the_leaders_back(postgres):
    """
    The replica that leads signs with the old key: the rotation is refused, and the log goes on.
    """
    with open_ledger(postgres, SIGNER) as leader:
        leader.append(NewEntry("k", "s", {}))
        with open_ledger(postgres, SIGNER) as other:
            with pytest.raises(NoteError, match="stop all but one"):
                other.rotate_key(Signer("example.com/log", bytes(32)))
            other.append(NewEntry("k", "s", {}))
            leader.append(NewEntry("k", "s", {}))

            assert verify_ledger(other, [SIGNER.verifier]).holds


def test_readers_need_no_key_and_see_a_growing_log(postgres):
    """
    Verification of a live log that takes entries meanwhile finds nothing wrong.
    """
    ledger, view = open_ledger(postgres, SIGNER), open_view(postgres)
    stop = threading.Event()

    def write():
        while not stop.is_set():
            ledger.append(NewEntry("k", "s", {}))

    writer = threading.Thread(target=write)
    writer.start()
    found = [verify_ledger(view, [SIGNER.verifier]).problems for _ in range(10)]
    stop.set()
    writer.join()
    ledger.close()

    assert [()] * 10 == found
