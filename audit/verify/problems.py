"""What a verification found."""

from dataclasses import dataclass
from enum import StrEnum


class ProblemKind(StrEnum):
    """What is wrong, in words an auditor can act on."""

    BYTES_CHANGED = "BYTES_CHANGED"  # an envelope no longer has its leaf hash
    COLUMN_CHANGED = "COLUMN_CHANGED"  # a copy beside the envelope contradicts it
    MISSING = "MISSING"  # an entry is not there
    INSERTED = "INSERTED"  # an entry is there that was never signed
    MOVED = "MOVED"  # an entry stands at a place that is not its own
    TRUNCATED = "TRUNCATED"  # the log is shorter than a checkpoint says
    REWRITTEN = "REWRITTEN"  # entries agree with themselves, but not with what was signed
    CLOCK_BACKWARDS = "CLOCK_BACKWARDS"  # an entry is dated before the one before it
    PAYLOAD_CHANGED = "PAYLOAD_CHANGED"
    PAYLOAD_MISSING = "PAYLOAD_MISSING"  # gone, and no erasure says why
    ARTIFACT_CHANGED = "ARTIFACT_CHANGED"
    ARTIFACT_MISSING = "ARTIFACT_MISSING"
    CHECKPOINT_CHANGED = "CHECKPOINT_CHANGED"  # its signature does not fit, or nobody we trust signed it
    CHECKPOINT_MISSING = "CHECKPOINT_MISSING"
    TILE_CHANGED = "TILE_CHANGED"  # the stored tree contradicts the entries, which are right
    POINTER_CHANGED = "POINTER_CHANGED"  # a pointer holds what no entry set
    PROOF_CHANGED = "PROOF_CHANGED"  # an exported proof does not lead to the checkpoint
    UNREADABLE = "UNREADABLE"  # a file of the export is missing or is not what it should be


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One finding.

    Parameters
    ----------
    step
        Number of the step of the procedure that found it.
    seq
        The entry concerned, or the first of several; nothing if it concerns none.
    """

    step: int
    seq: int | None
    kind: ProblemKind
    message: str


@dataclass(frozen=True, slots=True)
class Verification:
    """
    The result of the whole procedure.

    Parameters
    ----------
    entries
        How many were read.
    size
        How many the log has; more than were read if a selection was verified.
    root
        Merkle root, in hex; computed from the entries, or of a selection the signed one.
    problems
        Everything found; none means that the log is what was signed.
    keys
        Public keys (vkeys) that were trusted in the end, those introduced by the log included.
    """

    entries: int
    size: int
    root: str
    problems: tuple[Problem, ...]
    keys: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.problems
