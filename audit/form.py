"""
Forms: what many entries have in common is checked and encoded once, and each fills in its own.

A decision on a question that was asked before says a dozen texts of its own and two kilobytes that all of them say;
its envelope is put together from bytes.
"""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from types import MappingProxyType
from typing import Any

import msgspec
import orjson

from audit.artifact import Artifact
from audit.canonical import plain
from audit.entry import NewEntry, are_plain, check_name
from audit.envelope import Pieces
from audit.errors import CanonicalError, InvalidEntryError

_NOTHING: Mapping[str, str | None] = MappingProxyType({})


class Form:
    """
    What entries of one kind have in common.

    Parameters
    ----------
    common
        What the envelopes of all of them say.
    blanks
        Texts that the envelope of each says besides.
    kind, payload, artifacts, key_digest, requires
        As of `NewEntry`, of all of them.

    Raises
    ------
    InvalidEntryError, CanonicalError
        As `NewEntry` and its envelope.
    """

    def __init__(  # noqa: PLR0913 - as a new entry
        self,
        kind: str,
        common: Mapping[str, Any],
        blanks: Iterable[str],
        payload: bytes = b"",
        artifacts: tuple[Artifact, ...] = (),
        key_digest: str = "",
        requires: Mapping[str, str | None] = _NOTHING,
    ) -> None:
        self.kind, self.payload, self.artifacts = kind, payload, artifacts
        self.key_digest, self.requires = key_digest, requires
        self.blanks = frozenset(blanks)
        own = {name: _mark(name) for name in self.blanks}
        model = NewEntry(
            kind, _mark(_SUBJECT), {**common, **own}, payload, artifacts, _mark(_KEY), key_digest, requires
        )
        pieces = model.pieces(_mark(_PAYLOAD) if payload else "")
        self._before, self._between = _Template(pieces.before), _Template(pieces.between)
        self._after = _Template(pieces.after)

    def fill(self, subject: str, key: str, own: Mapping[str, str]) -> "Filled":
        """
        Return the entry that one more of them asks to record.

        Raises
        ------
        InvalidEntryError
            A blank is left, or something is filled in that is none; or as `NewEntry`.
        CanonicalError
            What is filled in is no text.
        """
        return Filled(self, subject, key, own)

    def pieces(self, filled: "Filled", commitment: str) -> Pieces:
        """Return the envelope of one of them, but for time and place."""
        texts = {**filled.own, _SUBJECT: filled.subject, _KEY: filled.key, _PAYLOAD: commitment}
        if not _stand_for_themselves("".join(texts.values())):
            texts = {name: orjson.dumps(text).decode()[1:-1] for name, text in texts.items()}
        return Pieces(self._before.filled(texts), self._between.filled(texts), self._after.filled(texts))


# Of the ledger's part what each fills in; no key of an envelope has a dot.
_SUBJECT, _KEY, _PAYLOAD = ("entry.subject", "entry.key", "entry.payload")
_NONCE = secrets.token_hex(16)  # drawn by each process and never shown: no text can hold it
_BLANK = re.compile(f"{_NONCE}([a-z0-9_.]+);")


def _mark(name: str) -> str:
    """What stands for a blank while a form is written."""
    return f"{_NONCE}{name};"


def _stand_for_themselves(text: str) -> bool:
    """Whether JSON writes a text as it is: what it escapes gets longer. So nearly all are written at one look."""
    return len(orjson.dumps(text)) == len(text) + 2  # the quotes


class _Template:
    """
    Text with blanks.

    Parameters
    ----------
    piece
        Canonical JSON with marks where blanks are.
    """

    __slots__ = ("_parts", "_pick", "_written")

    def __init__(self, piece: bytes) -> None:
        self._parts = _BLANK.split(piece.decode())  # a name between what stands on its left and on its right
        names = self._parts[1::2]
        self._pick = _picking(*names) if names else None
        self._written = piece  # with no blanks

    def filled(self, texts: Mapping[str, str]) -> bytes:
        """The bytes with these texts, as they stand between quotes in JSON, in the blanks."""
        if not self._pick:
            return self._written
        parts = self._parts.copy()
        parts[1::2] = self._pick(texts)
        return "".join(parts).encode()


def _picking(*names: str) -> Callable[[Mapping[str, str]], tuple[str, ...]]:
    """Texts by their names, as a tuple also of one."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda texts: (texts[names[0]],)


class Filled(msgspec.Struct, frozen=True):
    """
    A form that is filled in: what someone asks to record.

    Parameters
    ----------
    form
        What it has in common with others.
    subject, key
        As of `NewEntry`.
    own
        Its own part of the envelope.
    """

    form: Form
    subject: str
    key: str
    own: Mapping[str, str]

    def __post_init__(self) -> None:
        """Refuse what could not be stored."""
        if self.own.keys() != self.form.blanks:
            field = min(self.own.keys() ^ self.form.blanks)
            raise InvalidEntryError(
                f"envelope.{field}", "is not what the form leaves blank", "fill in its blanks"
            )
        if not (self.subject and self.key):
            raise InvalidEntryError("key" if self.subject else "subject", "is empty", "name it")
        if not are_plain([self.subject, self.key, *self.own.values()]):
            self._check_each()

    def _check_each(self) -> None:
        """Something is unusual: look at one text after the other."""
        check_name("subject", self.subject)
        check_name("key", self.key)
        for name, text in plain.checked(self.own).items():
            if not isinstance(text, str):
                raise CanonicalError(name, f"a {type(text).__name__} is filled in", "fill in text")

    @property
    def kind(self) -> str:
        """Of the form."""
        return self.form.kind

    @property
    def payload(self) -> bytes:
        """Of the form."""
        return self.form.payload

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """Of the form."""
        return self.form.artifacts

    @property
    def key_digest(self) -> str:
        """Of the form."""
        return self.form.key_digest

    @property
    def requires(self) -> Mapping[str, str | None]:
        """Of the form."""
        return self.form.requires

    @property
    def sets(self) -> Mapping[str, str | None]:
        """Nothing: what moves pointers fills in no form."""
        return _NOTHING

    def pieces(self, commitment: str) -> Pieces:
        """Return its envelope but for time and place; with the commitment to its payload, if it has one."""
        return self.form.pieces(self, commitment)


AnyNewEntry = NewEntry | Filled
"""What someone asks to record, by itself or on a form."""
