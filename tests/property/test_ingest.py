"""Whatever bytes an export or a mapping holds: a snapshot or a typed refusal, nothing else."""

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from decision_service.ingest import IngestError, import_snapshot
from optimization.network import Snapshot

CONSTANTS = (
    b"as_of: 2026-11-30\nfiles: {part: {file: part.csv, key: [id], columns: {id: text, stock: integer}}}\n"
)
ITEMS = b"select id, stock as value from part"
PART = b"id,stock\nnut,5\nbolt,7\n"


def mangled(original: bytes) -> st.SearchStrategy[bytes]:
    """Anything, and the right thing with a piece replaced."""
    places = st.tuples(st.integers(0, len(original)), st.integers(0, len(original)), st.binary(max_size=8))
    return st.binary(max_size=200) | places.map(
        lambda p: original[: min(p[:2])] + p[2] + original[max(p[:2]) :]
    )


def attempt(constants: bytes, items: bytes, part: bytes) -> Snapshot | None:
    with tempfile.TemporaryDirectory() as folder:
        mapping = Path(folder)
        (mapping / "constants.yaml").write_bytes(constants)
        (mapping / "items.sql").write_bytes(items)
        (mapping / "locations.sql").write_text("select 'HQ' as id")
        (mapping / "stages.sql").write_text("select id, id as item, 'HQ' as location from part")
        (mapping / "part.csv").write_bytes(part)
        with suppress(IngestError):
            return import_snapshot(mapping, mapping)
    return None


@settings(max_examples=60, deadline=None)
@given(mangled(PART))
def test_any_file_is_read_or_refused(part):
    """
    A damaged export never crashes an import, and never yields anything but its own items.
    """
    snapshot = attempt(CONSTANTS, ITEMS, part)

    assert snapshot is None or len({item.id for item in snapshot.items}) == len(snapshot.items)


@settings(max_examples=60, deadline=None)
@given(mangled(CONSTANTS))
def test_any_constants_are_read_or_refused(constants):
    """
    A damaged `constants.yaml` never crashes an import.
    """
    snapshot = attempt(constants, ITEMS, PART)

    assert snapshot is None or isinstance(snapshot, Snapshot)


@settings(max_examples=60, deadline=None)
@given(mangled(ITEMS))
def test_any_sql_is_run_or_refused(items):
    """
    Damaged SQL never crashes an import.
    """
    snapshot = attempt(CONSTANTS, items, PART)

    assert snapshot is None or isinstance(snapshot, Snapshot)
