"""
Verify a whole ledger, live or exported, without trusting whoever keeps it.

The documented procedure is in `audit.verify.procedure`; the auditor's guide walks through it.
"""

from collections.abc import Iterable

from audit.ledger import LedgerView
from audit.note import Verifier
from audit.verify.evidence import LiveEvidence
from audit.verify.problems import Problem, ProblemKind, Verification
from audit.verify.procedure import Progress, verify

__all__ = ["Problem", "ProblemKind", "Verification", "verify", "verify_ledger"]


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
