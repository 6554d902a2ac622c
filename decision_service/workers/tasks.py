"""What runs in a worker process. Bytes in, bytes out; imports inside, so that a worker starts fast."""

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from decision_service.workers.words import BEST, PROGRESS, Moment, Say

_SECONDS_BETWEEN_WORDS = 0.2


def decide(  # noqa: PLR0913 - three inputs, three ways to do the same work again
    snapshot: bytes,
    question: bytes,
    release: bytes,
    slices: int | None,
    until: Moment | None,
    doubt: str,
    is_watched: bool,  # noqa: FBT001 - it crosses a pipe
    say: Say,
    scheduler: str,
) -> bytes:
    """
    The pure function on canonical bytes: the outcome's, and what is to be confirmed, pickled together.

    Parameters
    ----------
    slices
        Work to repeat; None = what the release says.
    until
        When the best plan so far is wanted. The
        constructed plan is decided on first and said at once, so that there is one however long the
        search takes; the search then asks between slices whether to go on. None = no hurry.
    doubt
        Why the join rules' answer must not be used.
    is_watched
        Whether somebody wants to hear of incumbents and bounds.
    scheduler
        Of a cluster whose workers may help; empty: the cores of this machine do.
    """
    import pickle  # noqa: PLC0415 - see the module's docstring

    from audit import canonical  # noqa: PLC0415
    from decision_service.decision import Question  # noqa: PLC0415
    from decision_service.facts import SnapshotFacts  # noqa: PLC0415
    from decision_service.usecases.outcome import deliberate  # noqa: PLC0415
    from decision_service.usecases.planning import Work  # noqa: PLC0415
    from decision_service.workers.helpers import helpers  # noqa: PLC0415
    from optimization.network import Snapshot  # noqa: PLC0415
    from optimization.second_solver import solve_again  # noqa: PLC0415
    from optimization.solver import watched  # noqa: PLC0415

    asked = canonical.decode_object(question, Question)
    known = canonical.decode_object(snapshot, Snapshot)

    def found(work: Work) -> bytes:
        made = deliberate(asked, SnapshotFacts(known), _compiled(release), work)
        return pickle.dumps((canonical.encode_object(made.outcome), made.asked))

    with watched(_speaker(say) if is_watched else None), helpers(scheduler) as executor:
        if until is None or slices is not None:
            return found(Work(slices, doubt=doubt, reserve=solve_again, executor=executor))
        best = found(Work(0, doubt=doubt, executor=executor))
        say(BEST, best)
        if time.monotonic() >= until.at:
            return best
        return found(Work(None, lambda: time.monotonic() < until.at, doubt, solve_again, executor))


def warm_up() -> bytes:
    """Import what deciding needs and load what is compiled, before the first caller waits for it."""
    import decision_service.usecases.outcome  # noqa: F401, PLC0415 - imported for its effect
    from optimization.replenishment.warm import warm_up as load_compiled  # noqa: PLC0415

    load_compiled()
    return b""


@lru_cache(maxsize=16)
def _compiled(release: bytes) -> Any:
    from audit import canonical  # noqa: PLC0415 - see the module's docstring
    from decision_service.usecases.release_content import ReleaseContent, compile_release  # noqa: PLC0415

    return compile_release(canonical.decode_object(release, ReleaseContent))


def _speaker(say: Say) -> Callable[..., None]:
    """Progress at most five times a second: name, incumbent, bound, nodes, seconds since the start."""
    started, spoken = time.monotonic(), -_SECONDS_BETWEEN_WORDS

    def speak(name: str, incumbent: float, bound: float, nodes: int) -> None:
        nonlocal spoken
        now = time.monotonic() - started
        if now - spoken >= _SECONDS_BETWEEN_WORDS:
            spoken = now
            say(PROGRESS, (name, incumbent, bound, nodes, now))

    return speak


TASKS: dict[str, Callable[..., bytes]] = {"decide": decide, "warm_up": warm_up}
TALKING = frozenset({"decide"})  # tasks that take `say` and the cluster's scheduler as their last arguments
