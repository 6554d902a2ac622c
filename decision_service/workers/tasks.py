"""What runs in a worker process. Bytes in, bytes out; imports inside, so that a worker starts fast."""

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any


def decide(  # noqa: PLR0913 - three inputs, three ways to do the same work again
    snapshot: bytes,
    question: bytes,
    release: bytes,
    slices: int | None,
    seconds: float | None,
    doubt: str = "",
) -> bytes:
    """
    The pure function on canonical bytes: the outcome's, and what is to be confirmed, pickled together.

    Parameters
    ----------
    slices
        Work to repeat; None = what the release says, or as much as `seconds` allow.
    seconds
        Time left to the caller; planning asks between slices whether to go on, and stops at 80 %.
    doubt
        Why the join rules' answer must not be used.
    """
    import pickle  # noqa: PLC0415 - see the module's docstring

    from audit import canonical  # noqa: PLC0415
    from decision_service.decision import Question  # noqa: PLC0415
    from decision_service.usecases.outcome import deliberate  # noqa: PLC0415
    from decision_service.usecases.planning import Work  # noqa: PLC0415
    from optimization.network import Snapshot  # noqa: PLC0415

    work = Work(slices, None if seconds is None or slices else _until(0.8 * seconds), doubt)
    asked = canonical.decode_object(question, Question)
    known = canonical.decode_object(snapshot, Snapshot)
    found = deliberate(asked, known, _compiled(release), work)
    return pickle.dumps((canonical.encode_object(found.outcome), found.asked))


def warm_up() -> bytes:
    """Import what deciding needs, before the first caller waits for it."""
    import decision_service.usecases.outcome  # noqa: F401, PLC0415 - imported for its effect

    return b""


@lru_cache(maxsize=16)
def _compiled(release: bytes) -> Any:
    from audit import canonical  # noqa: PLC0415 - see the module's docstring
    from decision_service.usecases.release_content import ReleaseContent, compile_release  # noqa: PLC0415

    return compile_release(canonical.decode_object(release, ReleaseContent))


def _until(seconds: float) -> Callable[[], bool]:
    stop = time.monotonic() + seconds
    return lambda: time.monotonic() < stop


TASKS: dict[str, Callable[..., bytes]] = {"decide": decide, "warm_up": warm_up}
