"""What the ledger refuses, one class per thing a caller can act on."""


class AuditError(Exception):
    """Base of everything this package raises."""


class CanonicalError(AuditError):
    """
    A value that has no canonical bytes, or bytes that are not the value they should be.

    Parameters
    ----------
    field
        Path inside the value, for example ``lanes[3].lead_time``; empty for the value itself.
    problem
        What is wrong with it.
    fix
        What would make it acceptable.
    """

    def __init__(self, field: str, problem: str, fix: str) -> None:
        super().__init__(f"{field or 'value'}: {problem}; {fix}")
        self.field = field
        self.problem = problem
        self.fix = fix

    def inside(self, step: str) -> "CanonicalError":
        """Return the same complaint seen from one level further out."""
        joined = step + (self.field if self.field.startswith("[") or not self.field else f".{self.field}")
        return CanonicalError(joined, self.problem, self.fix)


class InvalidEntryError(AuditError):
    """
    A new entry that can never be appended as it stands.

    Parameters
    ----------
    field
        The field of the new entry.
    """

    def __init__(self, field: str, problem: str, fix: str) -> None:
        super().__init__(f"{field}: {problem}; {fix}")
        self.field = field


class KeyConflictError(AuditError):
    """
    The idempotency key was used before, for something else.

    Parameters
    ----------
    key
        The key both share.
    seq
        The entry that holds it.
    """

    def __init__(self, key: str, seq: int) -> None:
        super().__init__(f"key `{key}` already names entry {seq} with another content; use a new key")
        self.key = key
        self.seq = seq


class PointerMovedError(AuditError):
    """
    A pointer does not hold the value the entry was made for.

    Parameters
    ----------
    pointer
        Its name.
    expected, actual
        The required and the current value; ``None`` means unset.
    """

    def __init__(self, pointer: str, expected: str | None, actual: str | None) -> None:
        super().__init__(
            f"pointer `{pointer}` is {_quote(actual)}, not {_quote(expected)}; read it again and decide anew",
        )
        self.pointer = pointer
        self.expected = expected
        self.actual = actual


class LegalHoldError(AuditError):
    """
    The subject is on legal hold, so nothing of it is erased.

    Parameters
    ----------
    subject
        What is held.
    reason
        Why, as recorded with the hold.
    """

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(f"`{subject}` is on legal hold ({reason}); lift the hold first")
        self.subject = subject
        self.reason = reason


class NotInLedgerError(AuditError):
    """
    Nothing is recorded under this name.

    Parameters
    ----------
    name
        What was asked for, for example ``entry 17`` or a digest.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not in the ledger")
        self.name = name


class LedgerClosedError(AuditError):
    """The ledger takes no more entries: it was closed, or opened for reading only."""


class StorageError(AuditError):
    """
    The store could not write or read (disk full, connection lost).

    The message says whether nothing was kept or whether that is unknown, as after a lost commit.
    """


class SchemaError(AuditError):
    """The database has no ledger tables, or those of another version."""


class VerificationError(AuditError):
    """
    The ledger does not hold what its checkpoints say.

    Parameters
    ----------
    step
        Number of the step of the documented procedure that failed.
    """

    def __init__(self, step: int, problem: str) -> None:
        super().__init__(f"step {step}: {problem}")
        self.step = step


class ExportError(AuditError):
    """A folder that cannot be exported to, or is not an export."""


class NoteError(AuditError):
    """A signed note, checkpoint, proof or key that cannot be read or does not verify."""


class ProofError(AuditError):
    """A Merkle proof that does not lead to the root, or is asked for outside the tree."""


def _quote(value: str | None) -> str:
    return "unset" if value is None else f"`{value}`"
