"""How far the waves of a release are open, and what that allows."""

from dataclasses import dataclass
from enum import StrEnum

from decision_service.decision import Scope
from decision_service.errors import PreconditionError
from decision_service.usecases.release import Releases

WAVES = "waves/"


class RolloutState(StrEnum):
    """Where the roll-out of a release stands."""

    OPEN = "OPEN"
    PAUSED = "PAUSED"


@dataclass(frozen=True, slots=True)
class Opened:
    """
    How many waves of a release are open, in the charter's order, and whether the roll-out is paused.

    Kept in the pointer `waves/RELEASE`.
    """

    count: int = 0
    state: RolloutState = RolloutState.OPEN

    @property
    def pointer(self) -> str:
        """As the log keeps it."""
        return f"{self.state} {self.count}"


def pointer_of(name: str) -> str:
    """The pointer of a release's waves."""
    return f"{WAVES}{name}"


def read_opened(pointer: str | None) -> Opened:
    """Back from the pointer: ``read_opened(o.pointer) == o``."""
    if pointer is None:
        return Opened()
    state, _, count = pointer.partition(" ")
    return Opened(int(count), RolloutState(state))


def require_open_wave(releases: Releases, name: str, scope: Scope) -> dict[str, str | None]:
    """
    Refuse to let a release govern where its waves have not come; what must still hold at the append.

    A region or a location may reach over several business units, and everything reaches over all:
    they are open once every wave is.

    Raises
    ------
    PreconditionError
        The scope is not a business unit of an open wave.
    """
    waves = releases.load(name).charter.waves
    if not waves:
        return {}
    pointer = releases.ledger.pointer(pointer_of(name))
    opened = read_opened(pointer).count
    units = {unit for wave in waves[:opened] for unit in wave.business_units}
    if opened < len(waves) and scope.key not in {f"business_unit:{unit}" for unit in units}:
        raise PreconditionError(
            f"`{name}` is rolled out in waves, and `{scope.key}` is in none that is open; "
            f"the next is `{waves[opened].name}`",
            "WAVE_NOT_OPEN",
            {"release": name, "scope": scope.key, "next": waves[opened].name},
        )
    return {pointer_of(name): pointer}
