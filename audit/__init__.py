"""Entries and digests in, proofs out; knows nothing of decisions, rules or the wire."""

from audit import canonical
from audit.anchor import publish, published
from audit.artifact import Artifact
from audit.awaiting import until_log_is_back
from audit.checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint, read_checkpoint
from audit.entropy import random_bytes
from audit.entry import Appended, Entry, NewEntry
from audit.errors import (
    AuditError,
    CanonicalError,
    ExportError,
    InvalidEntryError,
    KeyConflictError,
    LedgerClosedError,
    LegalHoldError,
    NoteError,
    NotInLedgerError,
    PointerMovedError,
    ProofError,
    SchemaError,
    StorageError,
    VerificationError,
)
from audit.export import ExportFormat, export
from audit.form import AnyNewEntry, Filled, Form
from audit.fsck import verify_export, verify_ledger
from audit.keyring import KeyRing
from audit.leases import Leases, OwnLeases
from audit.ledger import Ledger, LedgerView
from audit.note import Cosigner, Signer, Verifier, read_vkey
from audit.opening import create_signer, load_signer, open_leases, open_ledger, open_view
from audit.proof import TlogProof, read_proof
from audit.redaction import Redaction, lift_hold, place_hold, redact
from audit.retention import RetentionClass, due, read_classes
from audit.schema import current, downgrade, upgrade
from audit.store import MemoryStore
from audit.verify import Problem, ProblemKind, Verification
from audit.witness import Refusal, Witness, WitnessRefusedError
from audit.writer import Answer

__all__ = [
    "Answer",
    "AnyNewEntry",
    "Appended",
    "Artifact",
    "AuditError",
    "CanonicalError",
    "Checkpoint",
    "Cosigner",
    "Entry",
    "ExportError",
    "ExportFormat",
    "Filled",
    "Form",
    "InvalidEntryError",
    "KeyConflictError",
    "KeyRing",
    "Leases",
    "Ledger",
    "LedgerClosedError",
    "LedgerView",
    "LegalHoldError",
    "MemoryStore",
    "NewEntry",
    "NotInLedgerError",
    "NoteError",
    "OwnLeases",
    "PointerMovedError",
    "Problem",
    "ProblemKind",
    "ProofError",
    "Redaction",
    "Refusal",
    "RetentionClass",
    "SchemaError",
    "SignedCheckpoint",
    "Signer",
    "StorageError",
    "TlogProof",
    "Verification",
    "VerificationError",
    "Verifier",
    "Witness",
    "WitnessRefusedError",
    "canonical",
    "create_signer",
    "current",
    "downgrade",
    "due",
    "export",
    "lift_hold",
    "load_signer",
    "open_checkpoint",
    "open_leases",
    "open_ledger",
    "open_view",
    "place_hold",
    "publish",
    "published",
    "random_bytes",
    "read_checkpoint",
    "read_classes",
    "read_proof",
    "read_vkey",
    "redact",
    "until_log_is_back",
    "upgrade",
    "verify_export",
    "verify_ledger",
]
