"""Entries and digests in, proofs out; knows nothing of decisions, rules or the wire."""

from audit import canonical
from audit.artifact import Artifact
from audit.checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint, read_checkpoint
from audit.entry import Appended, Entry, NewEntry
from audit.errors import (
    AuditError,
    CanonicalError,
    ExportError,
    InvalidEntryError,
    KeyConflictError,
    LedgerClosedError,
    NoteError,
    NotInLedgerError,
    PointerMovedError,
    ProofError,
    SchemaError,
    StorageError,
    VerificationError,
)
from audit.export import ExportFormat, export
from audit.fsck import verify_export, verify_ledger
from audit.ledger import Ledger, LedgerView
from audit.note import Signer, Verifier, read_vkey
from audit.opening import create_signer, load_signer, open_ledger, open_view
from audit.proof import TlogProof, read_proof
from audit.sql import SqlStore, current, downgrade, upgrade
from audit.store import MemoryStore
from audit.verify import Problem, ProblemKind, Verification

__all__ = [
    "Appended",
    "Artifact",
    "AuditError",
    "CanonicalError",
    "Checkpoint",
    "Entry",
    "ExportError",
    "ExportFormat",
    "InvalidEntryError",
    "KeyConflictError",
    "Ledger",
    "LedgerClosedError",
    "LedgerView",
    "MemoryStore",
    "NewEntry",
    "NotInLedgerError",
    "NoteError",
    "PointerMovedError",
    "Problem",
    "ProblemKind",
    "ProofError",
    "SchemaError",
    "SignedCheckpoint",
    "Signer",
    "SqlStore",
    "StorageError",
    "TlogProof",
    "Verification",
    "VerificationError",
    "Verifier",
    "canonical",
    "create_signer",
    "current",
    "downgrade",
    "export",
    "load_signer",
    "open_checkpoint",
    "open_ledger",
    "open_view",
    "read_checkpoint",
    "read_proof",
    "read_vkey",
    "upgrade",
    "verify_export",
    "verify_ledger",
]
