"""Verify a whole ledger, live or exported, without trusting whoever keeps it."""

from collections.abc import Iterable
from pathlib import Path

from audit.evidence import LiveEvidence
from audit.export.evidence import ExportEvidence
from audit.ledger import LedgerView
from audit.note import Verifier
from audit.verify import Progress, Verification, verify


def verify_export(
    folder: Path,
    keys: Iterable[Verifier] = (),
    elsewhere: Iterable[str] = (),
    progress: Progress = lambda _entries: None,
) -> Verification:
    """
    Verify an export folder, offline.

    Parameters
    ----------
    keys
        Public keys of the log. Without any, those that the export brings along are believed, which
        shows that the export agrees with itself and not whose it is.

    Raises
    ------
    ExportError
        If the folder is not an export.
    """
    evidence = ExportEvidence(folder)
    return verify(evidence, tuple(keys) or evidence.keys(), elsewhere, progress)


def verify_ledger(
    ledger: LedgerView,
    keys: Iterable[Verifier],
    elsewhere: Iterable[str] = (),
    progress: Progress = lambda _entries: None,
) -> Verification:
    """
    Verify a ledger where it is kept; it may take entries meanwhile.

    Parameters
    ----------
    keys
        Public keys of the log.
    elsewhere
        Checkpoints that others kept, as signed notes.
    """
    return verify(LiveEvidence(ledger.store), keys, elsewhere, progress)
