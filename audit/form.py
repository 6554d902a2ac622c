"""
Forms: what many entries have in common is checked and encoded once it comes again, and each fills in its own.

A decision on a question that was asked before says five texts of its own, and nearly two kilobytes that all of them
say; its envelope is put together from bytes.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec
import orjson

from audit.artifact import Artifact
from audit.canonical import plain
from audit.entry import NewEntry, are_plain, check_name
from audit.envelope import Pieces
from audit.errors import CanonicalError, InvalidEntryError
from audit.template import Template, mark

_NOTHING: Mapping[str, str | None] = MappingProxyType({})
# Of the ledger's part what each fills in; no key of an envelope has a dot.
_SUBJECT, _KEY, _PAYLOAD = ("entry.subject", "entry.key", "entry.payload")


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
    InvalidEntryError
        What all of them say is left blank, too.
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
        self.key_digest, self.requires = key_digest, MappingProxyType(dict(requires))
        self.blanks = frozenset(blanks)
        if taken := self.blanks & common.keys():
            raise InvalidEntryError(
                f"envelope.{min(taken)}", "is said by all and left blank", "do one of the two"
            )
        self._common = dict(common)
        self._is_known = False  # filled in before
        self._templates: tuple[Template, Template, Template] | None = None

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
        return Filled(self, subject, key, dict(own))

    def pieces(self, filled: "Filled", commitment: str) -> Pieces:
        """
        Return the envelope of one of them, but for time and place.

        Raises
        ------
        InvalidEntryError, CanonicalError
            What all say has no canonical form, or as `NewEntry`.
        """
        if self._templates is None:
            if not self._is_known:
                # Most never come again, and cutting takes half as long again as an entry by itself.
                self._is_known = True
                return self._entry(filled.subject, filled.key, filled.own).pieces(commitment)
            self._templates = self._cut()
        texts = {**filled.own, _SUBJECT: filled.subject, _KEY: filled.key, _PAYLOAD: commitment}
        if not _stand_for_themselves("".join(texts.values())):
            texts = {name: orjson.dumps(text).decode()[1:-1] for name, text in texts.items()}
        before, between, after = self._templates
        return Pieces(before.filled(texts), between.filled(texts), after.filled(texts))

    def _cut(self) -> tuple[Template, Template, Template]:
        own = {name: mark(name) for name in self.blanks}
        pieces = self._entry(mark(_SUBJECT), mark(_KEY), own).pieces(mark(_PAYLOAD) if self.payload else "")
        return Template(pieces.before), Template(pieces.between), Template(pieces.after)

    def _entry(self, subject: str, key: str, own: Mapping[str, str]) -> NewEntry:
        """Return one by itself, checked as any other."""
        envelope = {**self._common, **own}
        return NewEntry(
            self.kind, subject, envelope, self.payload, self.artifacts, key, self.key_digest, self.requires
        )


def _stand_for_themselves(text: str) -> bool:
    """Whether JSON writes a text as it is: what it escapes gets longer. So nearly all are written at one look."""
    return len(orjson.dumps(text)) == len(text) + 2  # the quotes


class Filled(msgspec.Struct, frozen=True):
    """
    A form that is filled in: what someone asks to record. What it does not say itself, its form says.

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
    own: dict[str, str]

    def __post_init__(self) -> None:
        """Refuse what could not be stored."""
        if self.own.keys() != self.form.blanks:
            field = min(map(str, self.own.keys() ^ self.form.blanks))
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
        """As of `NewEntry`."""
        return self.form.kind

    @property
    def payload(self) -> bytes:
        """As of `NewEntry`."""
        return self.form.payload

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """As of `NewEntry`."""
        return self.form.artifacts

    @property
    def key_digest(self) -> str:
        """As of `NewEntry`."""
        return self.form.key_digest

    @property
    def requires(self) -> Mapping[str, str | None]:
        """As of `NewEntry`."""
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
