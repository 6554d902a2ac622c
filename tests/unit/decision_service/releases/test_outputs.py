"""What a release may say to the service: found when it is published, not by the decision that hears it."""

import pytest

from decision_service.decision import Caller
from decision_service.errors import InvalidRequestError
from decision_service.usecases.release_content import ReleaseContent, compile_release
from decision_service.usecases.release_outputs import check_outputs


@pytest.fixture
def files(root):
    """The shipped policy set."""
    folder = root / "policies" / "replenishment"
    found = {f.relative_to(folder).as_posix(): f.read_text() for f in folder.rglob("*.yaml")}
    found["charter.yaml"] = (root / "policies" / "charter.yaml").read_text()
    return found


CASES = [
    ("review.yaml", "deadline_days: 3,", "deadline_days: 1000000000000,", "deadline_days `1000000000000`; say 0 to 3650"),
    ("review.yaml", "deadline_days: 3,", "deadline_days: -1,", "deadline_days `-1`; say 0 to 3650"),
    ("review.yaml", "[BLOCKED, REFERRED, APPROVED]", "[BLOCKED, MAYBE, REFERRED, APPROVED]", "disposition `MAYBE`"),
    ("review.yaml", "on_timeout: [BLOCK, ESCALATE]", "on_timeout: [BLOCK, ESCALATE, NAP]", "on_timeout `NAP`"),
    ("admission.yaml", "[REJECTED, ADMITTED]", "[REJECTED, ADMITTED, PERHAPS]", "verdict `PERHAPS`"),
    ("planning.yaml", "service_level: 0.97", "service_level: 97", "service_level `97`; say more than 0 to less than 1"),
    ("conflicts.yaml", "escalate: category-manager", "deadline_days: 9999999", "deadline_days `9999999`"),
    ("conflicts.yaml", "escalate: category-manager", "deadline_days: true", "deadline_days `True`"),
    ("conflicts.yaml", "escalate: category-manager", "on_timeout: [BLOCK, NAP]", "on_timeout `('BLOCK', 'NAP')`"),
    ("escalation.yaml", "[CRITICAL, HIGH, MEDIUM, LOW]", "[CRITICAL, HIGH, MEDIUM, LOW, NONE]", "severity `NONE`"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "problem"), CASES)
def test_what_the_service_cannot_act_on_is_refused_where_it_is_said(files, file, old, new, problem):
    """
    The rules compile, for they may say what they declare; the place and what may be said instead are named.
    """
    check_outputs(compile_release(ReleaseContent(files)).ruleset)
    assert old in files[file]
    changed = compile_release(ReleaseContent({**files, file: files[file].replace(old, new, 1)}))

    with pytest.raises(InvalidRequestError) as caught:
        check_outputs(changed.ruleset)
    (violation,) = caught.value.violations
    assert ("POLICY_INVALID", f"files[{file}]") == (caught.value.reason, violation.field)
    assert violation.description.startswith(f"{file}:")
    assert problem in violation.description


def test_it_is_refused_before_it_is_published(world, small):
    """
    A draft may say it, and is not checked; what was published earlier still loads.
    """
    ada, said = Caller("ada"), small().files
    odd = ReleaseContent({**said, "policy.yaml": said["policy.yaml"].replace("ADMITTED", "PERHAPS")})
    name = world.releases.publish(odd, ada, is_draft=True)[0].name

    for refused in (lambda: world.releases.publish(odd, ada), lambda: world.releases.check_draft(name, ada)):
        with pytest.raises(InvalidRequestError, match="verdict `PERHAPS`; say ADMITTED, REJECTED"):
            refused()
    assert name == world.releases.load(name).name
