"""
The signature under a release: an Ed25519 signed note (C2SP) over its name, digest and approvers.

The service signs when the quorum is reached, and asks for the signature before it decides under the
release: a pointer that somebody moved by hand makes no release that governs.
"""

from dataclasses import dataclass

from audit.errors import NoteError
from audit.note import SignsNotes, Verifier, open_note, sign_note
from decision_service.errors import PreconditionError

_HEADER = "decision-service/release/v1"


@dataclass(frozen=True, slots=True)
class ReleaseSigner:
    """
    Signs releases, and knows whose signatures count.

    Parameters
    ----------
    keys
        Public keys of this service, today's and earlier ones.
    """

    signer: SignsNotes
    keys: tuple[Verifier, ...]

    def sign(self, name: str, digest: str, approvers: tuple[str, ...]) -> str:
        """The note of an approved release; approvers in the order of their approval."""
        return sign_note(_text(name, digest, approvers), (self.signer,))

    def check(self, note: str, name: str, digest: str) -> None:
        """
        Refuse what was not signed for this release.

        Raises
        ------
        PreconditionError
            No note, a foreign or wrong signature, or the note of another release.
        """
        try:
            text, _ = open_note(note, self.keys)
        except NoteError as error:
            raise PreconditionError(f"`{name}` is not signed: {error}", "RELEASE_NOT_SIGNED") from error
        if text.split("\n")[:3] != [_HEADER, name, digest]:
            raise PreconditionError(
                f"the signature under `{name}` is of another release", "RELEASE_NOT_SIGNED"
            )


def _text(name: str, digest: str, approvers: tuple[str, ...]) -> str:
    return "\n".join((_HEADER, name, digest, *approvers)) + "\n"
