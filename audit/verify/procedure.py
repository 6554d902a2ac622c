"""
The procedure that verifies a log, in numbered steps.

It needs the entries, the checkpoints and the log's public key; no database, no secret and no trust
in who keeps them. The steps, as JSON for whoever wants to follow them or to program them again::

    [
     {"step": 1, "check": "read the evidence: entries in order, checkpoints, keys"},
     {"step": 2, "check": "places run from 0 without gap or repetition; in a selection they rise"},
     {"step": 3, "check": "leaf_hash = SHA-256(0x00 || envelope)"},
     {"step": 4, "check": "envelope.entry says the same seq, kind, subject, recorded_at, key and payload commitment as stand beside it"},
     {"step": 5, "check": "recorded_at never goes backwards"},
     {"step": 6, "check": "payload commitment = SHA-256(salt || payload); a payload is absent only if a redaction entry names it"},
     {"step": 7, "check": "every artifact an entry names is there, and its digest is sha256(content)"},
     {"step": 8, "check": "the RFC 9162 root over the first n leaf hashes is that of the checkpoint of size n, for every checkpoint; an inclusion proof leads from its leaf hash to the root of the last checkpoint"},
     {"step": 9, "check": "every checkpoint is signed (Ed25519, C2SP signed note) by the log's key, or by a key that an entry under an already verified checkpoint introduces"},
     {"step": 10, "check": "the last checkpoint covers the last entry, and no more"},
     {"step": 11, "check": "the stored tree and the pointers follow from the entries"},
     {"step": 12, "check": "checkpoints kept elsewhere (witness, auditor, git) have the root that these entries have at their size"}
    ]
"""

from collections.abc import Callable, Iterable

from audit.checkpoint import SignedCheckpoint, read_checkpoint
from audit.entry import Header, Record, read_header
from audit.errors import CanonicalError, NoteError, ProofError
from audit.evidence import Evidence, Piece
from audit.merkle import leaf_hash, verify_inclusion
from audit.note import Verifier
from audit.redacted import REDACTION, redacted_by
from audit.rotation import KEY_ROTATION, successor_of
from audit.verify.marks import Marks
from audit.verify.places import Places
from audit.verify.problems import Problem, ProblemKind, Verification
from audit.verify.trees import Trees

Progress = Callable[[int], None]
_REMEMBERED = frozenset({KEY_ROTATION, REDACTION})  # kinds that later steps ask for


def verify(
    evidence: Evidence,
    keys: Iterable[Verifier],
    elsewhere: Iterable[str] = (),
    progress: Progress = lambda _entries: None,
) -> Verification:
    """
    Follow the procedure and report everything found, not only the first.

    Parameters
    ----------
    keys
        Public keys of the log, obtained from somewhere other than the log.
    elsewhere
        Checkpoints (signed notes) that others kept.
    progress
        Told the number of entries read so far, now and then.
    """
    run = _Run(evidence, keys, elsewhere)
    for piece in evidence.pieces():  # (1)
        run.check_piece(piece)
        progress(run.count)
    run.check_end()
    ordered = sorted(
        run.problems, key=lambda problem: (problem.step, -1 if problem.seq is None else problem.seq)
    )
    trusted = tuple(key.vkey for key in run.marks.trusted)
    return Verification(run.count, run.size, run.root.hex(), tuple(ordered), trusted)


class _Run:
    """One run over the evidence; holds a piece of it at a time."""

    def __init__(self, evidence: Evidence, keys: Iterable[Verifier], elsewhere: Iterable[str]) -> None:
        self.problems: list[Problem] = []
        self.count = 0
        self.trees = Trees(evidence.tile)
        self.marks = Marks(evidence.notes(), elsewhere, keys, self._report)
        self._evidence = evidence
        self._last = _last_checkpoint(evidence)
        self._places = Places(self._report, is_whole=evidence.is_whole)
        self._pointers: dict[str, str] = {}
        self._absent: dict[int, str] = {}
        self._redacted: set[int] = set()
        self._missing: set[str] = set()
        self._recorded_at = ""

    def check_piece(self, piece: Piece) -> None:
        """Steps 2 to 9 for some entries."""
        named: dict[str, int] = {}
        is_whole, places, marks = self._evidence.is_whole, self._places, self.marks
        for record in piece.records:
            self.count += 1
            header = self._glance(record) or self._look_closely(record)
            if header:
                if header.payload or record.seq in piece.sealed:
                    self._check_payload(piece, record, header)
                for digest in header.artifacts:
                    if digest not in named:
                        named[digest] = record.seq
                if header.sets or header.kind in _REMEMBERED:
                    self._take(header, record.envelope)
            if piece.paths and record.seq in piece.paths:
                self._check_path(record, piece.paths[record.seq])
            if is_whole and places.next >= marks.due:
                marks.check(places.next, self.trees)
        self.trees.settle()
        missing = named.keys() - self._evidence.known_artifacts(named) - self._missing
        self._missing |= missing
        for digest in sorted(missing):  # (7)
            message = f"artifact `{digest}`, named by entry {named[digest]}, is not kept"
            self._report(7, named[digest], ProblemKind.ARTIFACT_MISSING, message)

    def check_end(self) -> None:
        """Steps 6 to 12, as far as they need the whole log."""
        self._places.close()
        for fault in self._evidence.faults:  # (1)
            self._report(1, None, ProblemKind.UNREADABLE, fault)
        if self._last is None and self._evidence.last_note() is not None:
            message = "`checkpoint` is not one, so no proof leads anywhere"
            self._report(1, None, ProblemKind.UNREADABLE, message)
        for seq in self._absent.keys() - self._redacted:  # (6)
            message = f"the payload of entry {seq} is gone, and no redaction names it"
            self._report(6, seq, ProblemKind.PAYLOAD_MISSING, message)
        for digest in self._evidence.false_artifacts():  # (7)
            self._report(
                7, None, ProblemKind.ARTIFACT_CHANGED, f"the content of artifact `{digest}` is another"
            )
        if self._evidence.is_whole:
            self.marks.check_end(self._places.next, self.trees)  # (10), (12)
            self._check_pointers()  # (11)
        else:
            self.trees.break_off()  # there is no tree to compare, only proofs
            self.marks.check(self._last.size if self._last else self._places.next, self.trees)  # (9)

    @property
    def size(self) -> int:
        """Number of entries of the log, of which a selection holds some."""
        return self._last.size if self._last and not self._evidence.is_whole else self._places.next

    @property
    def root(self) -> bytes:
        """Merkle root: of a whole log computed from it, of a selection the signed one."""
        return self._last.root if self._last and not self._evidence.is_whole else self.trees.root()

    def _report(self, step: int, seq: int | None, kind: ProblemKind, message: str) -> None:
        self.problems.append(Problem(step, seq, kind, message))

    def _glance(self, record: Record) -> Header | None:
        """Steps 2 to 5 in one breath for an entry with nothing wrong: all of millions, usually."""
        seq, kind, subject, recorded_at, envelope, stored, key, commitment = record
        places = self._places
        if seq != places.due or leaf_hash(envelope) != stored or recorded_at < self._recorded_at:
            return None
        try:
            header = read_header(envelope)
        except CanonicalError:
            return None
        if (
            header.seq != seq
            or header.kind != kind
            or header.subject != subject
            or header.recorded_at != recorded_at
            or header.key != key
            or header.payload != commitment
        ):
            return None
        places.next = places.due = seq + 1
        self._recorded_at = recorded_at
        self.trees.agree(stored)
        return header

    def _look_closely(self, record: Record) -> Header | None:
        """Steps 2 to 5 one by one, to name what is wrong; the header, if it can be believed."""
        if not self._places.check(record.seq):  # (2)
            self.trees.break_off()
        computed = leaf_hash(record.envelope)
        self.trees.add(computed, record.leaf_hash)
        if computed != record.leaf_hash:  # (3)
            message = f"entry {record.seq}: its bytes are not those that were hashed"
            self._report(3, record.seq, ProblemKind.BYTES_CHANGED, message)
            return None
        try:
            header = read_header(record.envelope)
        except CanonicalError as error:
            self._report(4, record.seq, ProblemKind.COLUMN_CHANGED, f"entry {record.seq}: {error}")
            return None
        if not self._places.compare(record.seq, header.seq):  # (4)
            self.trees.break_off()
            return None
        self._report_columns(record, header)
        if header.recorded_at < self._recorded_at:  # (5)
            message = f"entry {record.seq} is dated {header.recorded_at}, before an earlier entry's {self._recorded_at}"
            self._report(5, record.seq, ProblemKind.CLOCK_BACKWARDS, message)
        else:
            self._recorded_at = header.recorded_at
        return header

    def _report_columns(self, record: Record, header: Header) -> None:
        claims = {
            "kind": (record.kind, header.kind),
            "subject": (record.subject, header.subject),
            "recorded_at": (record.recorded_at, header.recorded_at),
            "key": (record.key, header.key),
            "payload_commitment": (record.payload_commitment, header.payload),
        }
        wrong = ", ".join(name for name, (column, claim) in claims.items() if column != claim)
        if not wrong:
            return
        message = f"entry {record.seq}: {wrong} beside the envelope contradicts it"
        self._report(4, record.seq, ProblemKind.COLUMN_CHANGED, message)

    def _take(self, header: Header, envelope: bytes) -> None:
        """Remember what later steps need: pointer moves, announced keys, redactions."""
        for name, value in header.sets:
            if value is None:
                self._pointers.pop(name, None)
            else:
                self._pointers[name] = value
        if header.kind == KEY_ROTATION and (key := successor_of(envelope)):
            self.marks.introduce(header.seq, key)
        if header.kind == REDACTION:
            self._redacted.update(seq for seq in redacted_by(envelope) if seq < header.seq)

    def _check_payload(self, piece: Piece, record: Record, header: Header) -> None:
        sealed = piece.sealed.get(record.seq)  # (6)
        if sealed is None:
            if header.payload:
                self._absent[record.seq] = header.payload
        elif sealed.commitment != header.payload:
            message = f"the payload of entry {record.seq} is not the one committed to"
            self._report(6, record.seq, ProblemKind.PAYLOAD_CHANGED, message)

    def _check_path(self, record: Record, path: tuple[bytes, ...]) -> None:
        if self._last is None:
            return
        try:
            verify_inclusion(record.leaf_hash, record.seq, self._last.size, path, self._last.root)  # (8)
        except ProofError as error:
            self._report(8, record.seq, ProblemKind.PROOF_CHANGED, f"entry {record.seq}: {error}")

    def _check_pointers(self) -> None:
        stored = self._evidence.pointers()
        if stored is None or self.trees.is_broken:
            return
        for name in sorted(stored.keys() | self._pointers.keys()):
            if stored.get(name) != self._pointers.get(name):
                message = f"pointer `{name}` is {stored.get(name)!r}, and the entries set {self._pointers.get(name)!r}"
                self._report(11, None, ProblemKind.POINTER_CHANGED, message)


def _last_checkpoint(evidence: Evidence) -> SignedCheckpoint | None:
    """Return the checkpoint that exported proofs lead to; its signature is checked with all others."""
    note = evidence.last_note()
    try:
        return read_checkpoint(note) if note else None
    except NoteError:
        return None
