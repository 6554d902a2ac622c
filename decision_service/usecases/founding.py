"""
The first release of an empty log.

Before anything governs there is no charter by which somebody could approve. Whoever starts a
store may found it with a policy set; the log says so, in the operator's name and without
approvers, and from then on every change needs another person's approval.
"""

from audit import NewEntry, PointerMovedError
from decision_service.decision import Caller
from decision_service.usecases import records
from decision_service.usecases.release import Releases
from decision_service.usecases.release_content import ReleaseContent
from decision_service.usecases.release_life import ACTIVATED, PUBLISHED, ReleaseRecord, ReleaseState

REASON = "founding release of an empty log: started by its operator, approved by nobody else"


def found(releases: Releases, content: ReleaseContent, operator: Caller) -> ReleaseRecord | None:
    """
    Publish and activate a policy set where nothing was ever published; otherwise nothing happens.

    Raises
    ------
    InvalidRequestError
        The files do not compile, or a test in them fails.
    """
    if releases.ledger.pointers("release/"):
        return None
    release, _ = releases.check(content)
    name, state, active = release.name, f"state/{release.name}", "active/*"
    said = {"release": name, "actor": operator.subject, "trace_id": operator.trace_id, "founding": True}
    signature = records.artifact(releases.signature(release, ()))
    publication = NewEntry(
        PUBLISHED,
        name,
        said | {"digest": release.digest, "state": ReleaseState.APPROVED.value},
        artifacts=(records.artifact(content.encode()), signature),
        requires={f"release/{name}": None, state: None, active: None},
        sets={
            f"release/{name}": release.digest,
            state: ReleaseState.APPROVED.value,
            f"signature/{name}": signature.digest,
        },
    )
    activation = NewEntry(
        ACTIVATED,
        name,
        said | {"scope": "*", "from": "", "to": name, "reason": REASON},
        requires={active: None, state: ReleaseState.APPROVED.value},
        sets={active: name},
    )
    try:  # both or neither: a store that is published to and governed by nothing could not be founded again
        releases.ledger.append_all((publication, activation))
    except PointerMovedError:  # another replica founded it meanwhile
        return None
    return releases.get(name)
