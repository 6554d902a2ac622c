"""
Every kind of change to the database file is found, and named for what it is.

The attacker has the file and drops every trigger. What needs the log's key, or takes place where
only a witness looks, is at the end.
"""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import Artifact, Checkpoint, NewEntry, Signer, open_ledger, open_view, upgrade, verify_ledger
from audit.checkpoint import sign_checkpoint
from audit.merkle import leaf_hash
from audit.tree import Growth

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
SIGNER = Signer("example.com/log", bytes(range(32)))
THIEF = Signer("example.com/log", bytes(32))
SIZE = 600  # two complete tiles and a part of a third
COLUMNS = "kind, subject, recorded_at, key, payload_commitment, leaf_hash, envelope"
EXAMPLES = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PLACES = st.integers(0, SIZE - 1)
copies = count()


def ticking():
    start = datetime(2026, 11, 24, tzinfo=UTC)
    ticks = count()
    return lambda: start + timedelta(seconds=next(ticks))


def new(number):
    return NewEntry(
        "decision.v1",
        f"decisions/{number}",
        {"number": number, "text": "x" * 40},
        payload=f"payload {number}".encode(),
        artifacts=(Artifact.of("text/plain", str(number % 7).encode()),),
        key=f"request-{number}",
        sets={f"pointer/{number % 5}": str(number)},
    )


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("original")
    url = f"sqlite:///{folder}/ledger.db"
    upgrade(url, MIGRATIONS)
    with open_ledger(url, SIGNER, ticking()) as ledger:
        for start in range(0, SIZE, 50):
            ledger.append_all(tuple(new(number) for number in range(start, start + 50)))
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return folder / "ledger.db"


@pytest.fixture
def attack(original, tmp_path):
    """
    A fresh copy of the database without its guards, and what verification says afterwards.
    """

    def run(change, elsewhere=(), keys=(SIGNER.verifier,)):
        path = tmp_path / f"{next(copies)}.db"
        shutil.copy(original, path)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("BEGIN")
            change(connection)
            connection.execute("COMMIT")
        view = open_view(f"sqlite:///{path}")
        verification = verify_ledger(view, keys, elsewhere)
        view.store.close()
        path.unlink()
        return {(problem.kind.value, problem.seq) for problem in verification.problems}

    return run


def row(connection, seq):
    return connection.execute(f"SELECT {COLUMNS} FROM entry WHERE seq = ?", (seq,)).fetchone()


def take(connection, seq):
    content = row(connection, seq)
    connection.execute("DELETE FROM entry WHERE seq = ?", (seq,))
    return content


def put(connection, seq, content):
    connection.execute(f"INSERT INTO entry (seq, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (seq, *content))


def forged(seq, key="forged"):
    """
    An entry that agrees with itself in every respect.
    """
    header = {
        "kind": "k",
        "subject": "s",
        "recorded_at": "2026-11-24T00:00:00.000000Z",
        "key": key,
        "seq": seq,
    }
    envelope = orjson.dumps({"forged": True, "entry": header}, option=orjson.OPT_SORT_KEYS)
    return ("k", "s", header["recorded_at"], key, "", leaf_hash(envelope), envelope)


def shift(connection, start, by):
    """
    Renumber everything from a place on, as an editor would who hopes to hide a change.
    """
    seqs = [
        seq for (seq,) in connection.execute("SELECT seq FROM entry WHERE seq >= ? ORDER BY seq", (start,))
    ]
    for seq in reversed(seqs) if by > 0 else seqs:
        connection.execute("UPDATE entry SET seq = ? WHERE seq = ?", (seq + by, seq))


def flipped(data, bit):
    changed = bytearray(data)
    changed[bit // 8 % len(changed)] ^= 1 << bit % 8
    return bytes(changed)


def test_the_untouched_log_holds(attack):
    """
    Dropping the triggers alone is no finding: they prevent accidents, not insiders.
    """
    assert attack(lambda connection: None) == set()


@EXAMPLES
@given(seq=PLACES, bit=st.integers(0, 10_000), column=st.sampled_from(["envelope", "leaf_hash"]))
def test_a_flipped_bit_is_found_where_it_is(attack, seq, bit, column):
    """
    One bit of an envelope or a leaf hash: exactly that entry is named, and nothing else.
    """

    def change(connection):
        (data,) = connection.execute(f"SELECT {column} FROM entry WHERE seq = ?", (seq,)).fetchone()
        connection.execute(f"UPDATE entry SET {column} = ? WHERE seq = ?", (flipped(data, bit), seq))

    # The header could no longer be believed, so the pointer it set may be named too.
    found = {problem for problem in attack(change) if problem[0] != "POINTER_CHANGED"}
    assert found == {("BYTES_CHANGED", seq)}


@EXAMPLES
@given(seq=st.integers(0, SIZE - 2))
def test_a_deleted_entry_is_missing(attack, seq):
    """
    A gap is named by its place.
    """
    assert attack(lambda connection: take(connection, seq)) == {("MISSING", seq)}


@EXAMPLES
@given(seq=st.integers(0, SIZE - 2))
def test_a_deleted_entry_is_missing_even_if_the_rest_moves_up(attack, seq):
    """
    Renumbering does not hide it: every entry knows its own place.
    """

    def change(connection):
        take(connection, seq)
        shift(connection, seq + 1, -1)

    found = attack(change)
    assert ("MISSING", seq) in found
    assert {"MISSING", "TRUNCATED"} == {kind for kind, _ in found}


@EXAMPLES
@given(places=st.lists(PLACES, min_size=2, max_size=2, unique=True))
def test_two_swapped_entries_are_both_moved(attack, places):
    """
    A swap names both places.
    """

    def change(connection):
        contents = [take(connection, seq) for seq in places]
        for seq, content in zip(reversed(places), contents, strict=True):
            put(connection, seq, content)

    expected = {("MOVED", seq) for seq in places}
    if SIZE - 1 in places:  # at the very end a moved entry looks like a cut: named by what it skipped
        assert any(seq in {place for _, place in attack(change)} for seq in places)
    else:
        assert expected == attack(change)


@EXAMPLES
@given(places=st.lists(st.integers(0, SIZE - 2), min_size=2, max_size=2, unique=True).map(sorted))
def test_an_entry_moved_elsewhere_is_named(attack, places):
    """
    Taking an entry out and putting it back later moves all between them.
    """
    first, last = places

    def change(connection):
        content = take(connection, first)
        for seq in range(first + 1, last + 1):
            connection.execute("UPDATE entry SET seq = ? WHERE seq = ?", (seq - 1, seq))
        put(connection, last, content)

    assert {("MOVED", first), ("MOVED", last)} == attack(change)


@EXAMPLES
@given(seq=PLACES)
def test_an_inserted_entry_is_named(attack, seq):
    """
    A forged entry in the middle, everything behind it renumbered.
    """

    def change(connection):
        shift(connection, seq, 1)
        put(connection, seq, forged(seq))

    found = attack(change)
    assert ("INSERTED", seq) in found
    assert {kind for kind, _ in found} <= {"INSERTED", "CLOCK_BACKWARDS", "PAYLOAD_CHANGED", "REWRITTEN"}


def test_an_appended_entry_is_named(attack):
    """
    A forged entry at the end is covered by no checkpoint.
    """
    found = attack(lambda connection: put(connection, SIZE, forged(SIZE)))

    assert {("INSERTED", SIZE), ("CLOCK_BACKWARDS", SIZE)} == found


@EXAMPLES
@given(kept=st.integers(1, SIZE - 1))
def test_a_truncated_log_is_shorter_than_it_was_signed(attack, kept):
    """
    Cutting the tail leaves a checkpoint that covers more.
    """

    def change(connection):
        connection.execute("DELETE FROM entry WHERE seq >= ?", (kept,))

    found = {problem for problem in attack(change) if problem[0] != "POINTER_CHANGED"}
    assert {("TRUNCATED", kept)} == found


@EXAMPLES
@given(old=st.integers(0, SIZE - 3), seq=st.integers(1, SIZE - 2))
def test_a_replayed_entry_is_not_at_its_place(attack, old, seq):
    """
    An old row played back over a later one says itself where it belongs.
    """
    if old == seq:
        old -= 1

    def change(connection):
        content = list(row(connection, old))
        content[3] = None  # the key is unique
        take(connection, seq)
        put(connection, seq, content)

    assert {("MOVED", seq)} == attack(change)


@EXAMPLES
@given(seq=PLACES, bit=st.integers(0, 1000), column=st.sampled_from(["salt", "payload"]))
def test_a_changed_payload_is_named(attack, seq, bit, column):
    """
    One bit of a payload or its salt breaks the commitment.
    """

    def change(connection):
        (data,) = connection.execute(f"SELECT {column} FROM payload WHERE seq = ?", (seq,)).fetchone()
        connection.execute(f"UPDATE payload SET {column} = ? WHERE seq = ?", (flipped(data, bit), seq))

    assert {("PAYLOAD_CHANGED", seq)} == attack(change)


@EXAMPLES
@given(seq=PLACES)
def test_a_payload_deleted_without_a_redaction_is_missing(attack, seq):
    """
    An erasure that no entry accounts for is named, even if the erasure table claims one.
    """

    def change(connection):
        connection.execute("DELETE FROM payload WHERE seq = ?", (seq,))
        connection.execute("INSERT INTO erasure VALUES (?, 0)", (seq,))

    assert {("PAYLOAD_MISSING", seq)} == attack(change)


@EXAMPLES
@given(
    seq=PLACES,
    column=st.sampled_from(["kind", "subject", "recorded_at", "key", "payload_commitment"]),
)
def test_a_changed_column_contradicts_the_envelope(attack, seq, column):
    """
    Columns are copies: one that was changed is named with its entry.
    """

    def change(connection):
        connection.execute(f"UPDATE entry SET {column} = 'changed' WHERE seq = ?", (seq,))

    assert {("COLUMN_CHANGED", seq)} == attack(change)


@EXAMPLES
@given(which=st.integers(0, 11), place=st.integers(0, 10_000))
def test_a_changed_checkpoint_is_named(attack, which, place):
    """
    Any character of any checkpoint.
    """

    def change(connection):
        sizes = [size for (size,) in connection.execute("SELECT size FROM checkpoint ORDER BY size")]
        size = sizes[which % len(sizes)]
        (note,) = connection.execute("SELECT note FROM checkpoint WHERE size = ?", (size,)).fetchone()
        at = place % len(note)
        note = note[:at] + ("A" if note[at] != "A" else "B") + note[at + 1 :]
        connection.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (note, size))

    assert {("CHECKPOINT_CHANGED", None)} == attack(change)


@EXAMPLES
@given(level_number=st.sampled_from([(0, 0), (0, 1)]), bit=st.integers(0, 255 * 256 - 1))
def test_a_changed_tile_is_named(attack, level_number, bit):
    """
    The stored tree contradicts entries that are right.
    """

    def change(connection):
        where = "level = ? AND number = ?"
        (nodes,) = connection.execute(f"SELECT nodes FROM tile WHERE {where}", level_number).fetchone()
        connection.execute(f"UPDATE tile SET nodes = ? WHERE {where}", (flipped(nodes, bit), *level_number))

    assert {("TILE_CHANGED", None)} == attack(change)


@EXAMPLES
@given(pointer=st.integers(0, 4), value=st.sampled_from(["r99", None]))
def test_a_changed_pointer_is_named(attack, pointer, value):
    """
    A pointer holds only what an entry set.
    """

    def change(connection):
        where = "name = ? AND seq = (SELECT max(seq) FROM pointer p WHERE p.name = pointer.name)"
        connection.execute(f"UPDATE pointer SET value = ? WHERE {where}", (value, f"pointer/{pointer}"))

    assert {("POINTER_CHANGED", None)} == attack(change)


@EXAMPLES
@given(number=st.integers(0, 6))
def test_a_changed_or_missing_artifact_is_named(attack, number):
    """
    Content by digest: another content is ARTIFACT_CHANGED, none is ARTIFACT_MISSING.
    """
    digest = Artifact.of("text/plain", str(number).encode()).digest

    def change(connection):
        connection.execute("UPDATE artifact SET content = x'00' WHERE digest = ?", (digest,))

    def remove(connection):
        connection.execute("DELETE FROM artifact WHERE digest = ?", (digest,))

    assert {("ARTIFACT_CHANGED", None)} == attack(change)
    assert {("ARTIFACT_MISSING", number)} == attack(remove)


def rewrite(connection, seq):
    """
    Change an entry and everything beside it that follows from it, except what needs a key.
    """
    content = list(row(connection, seq))
    envelope = orjson.loads(content[6]) | {"number": -1}
    content[6] = orjson.dumps(envelope, option=orjson.OPT_SORT_KEYS)
    content[5] = leaf_hash(content[6])
    take(connection, seq)
    put(connection, seq, content)


def rebuild(connection):
    growth = Growth()
    for (leaf,) in connection.execute("SELECT leaf_hash FROM entry ORDER BY seq").fetchall():
        for tile in growth.add(leaf):
            where = (tile.nodes, tile.level, tile.number)
            connection.execute("UPDATE tile SET nodes = ? WHERE level = ? AND number = ?", where)


def forge_checkpoints(connection, signer):
    growth = Growth()
    sizes = {size for (size,) in connection.execute("SELECT size FROM checkpoint").fetchall()}
    for (leaf,) in connection.execute("SELECT leaf_hash FROM entry ORDER BY seq").fetchall():
        growth.add(leaf)
        if growth.size in sizes:
            note = sign_checkpoint(Checkpoint(signer.name, growth.size, growth.root()), (signer,)).note
            connection.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (note, growth.size))


@EXAMPLES
@given(seq=PLACES)
def test_a_rewritten_entry_is_narrowed_down(attack, seq):
    """
    The attacker recomputed the leaf hash: the stored tree, or else the batch, tells where.
    """
    ((kind, found),) = attack(lambda connection: rewrite(connection, seq))

    assert kind == "REWRITTEN"
    assert seq - 1 <= found <= seq if seq < 512 else seq // 50 * 50 == found


@EXAMPLES
@given(seq=PLACES)
def test_a_rebuilt_tree_is_not_the_signed_one(attack, seq):
    """
    Leaf hash and tree recomputed: the first checkpoint over the entry still says otherwise.
    """

    def change(connection):
        rewrite(connection, seq)
        rebuild(connection)

    ((kind, found),) = attack(change)

    assert (kind, found) == ("REWRITTEN", seq // 50 * 50)


@EXAMPLES
@given(seq=PLACES)
def test_checkpoints_forged_with_another_key_are_named(attack, seq):
    """
    Everything rebuilt and signed anew, but not with the log's key.
    """

    def change(connection):
        rewrite(connection, seq)
        rebuild(connection)
        forge_checkpoints(connection, THIEF)

    assert {("CHECKPOINT_CHANGED", None)} == attack(change)


@EXAMPLES
@given(seq=PLACES)
def test_a_stolen_key_is_caught_by_a_checkpoint_kept_elsewhere(attack, original, seq):
    """
    With the database's password and the log's key the past can be signed anew; a witness remembers.
    """
    kept = open_view(f"sqlite:///{original}").checkpoint().note

    def change(connection):
        rewrite(connection, seq)
        rebuild(connection)
        forge_checkpoints(connection, SIGNER)

    assert attack(change) == set()
    assert {("REWRITTEN", 0)} == attack(change, elsewhere=(kept,))


@EXAMPLES
@given(kept=st.integers(1, SIZE // 50 - 1).map(lambda batches: 50 * batches))
def test_a_restored_backup_is_caught_by_a_checkpoint_kept_elsewhere(attack, original, kept):
    """
    An old copy of the database is in perfect order; only who saw more can tell.
    """
    note = open_view(f"sqlite:///{original}").checkpoint().note

    def change(connection):
        for table in ("entry", "payload", "pointer"):
            connection.execute(f"DELETE FROM {table} WHERE seq >= ?", (kept,))
        connection.execute("DELETE FROM checkpoint WHERE size > ?", (kept,))
        connection.execute("DELETE FROM tile WHERE (number + 1) * 256 > ?", (kept,))

    assert attack(change) == set()
    assert {("TRUNCATED", kept)} == attack(change, elsewhere=(note,))


def test_a_wrong_key_is_not_mistaken_for_the_logs(attack):
    """
    With the wrong public key every checkpoint is refused, and the log is not declared good.
    """
    found = attack(lambda connection: None, keys=(THIEF.verifier,))

    assert {("CHECKPOINT_CHANGED", None)} == found
