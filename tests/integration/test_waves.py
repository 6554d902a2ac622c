"""Staged roll-out over gRPC and at the command line: business units get a release with their wave."""

import json

import grpc
import pytest
from click.testing import CliRunner

from decision_service.api.server import SERVICES
from decision_service.cli import load
from decision_service.cli.policy_files import read_policy
from decision_service.v1 import decision_pb2, release_service_pb2
from decision_service.v1 import decision_service_pb2 as decisions
from decision_service.v1 import wave_service_pb2 as pb

BY_NAME = {s.name: s for s in SERVICES}
WAVES = """
waves:
  - {name: pilot, business_units: [retail]}
  - {name: plants, business_units: [machines], at_least: {answered: 1}, at_most: {override_rate: 0.2}}
"""


def call(service, method, request, actor="ada.lind", roles=""):
    name, _, rpc = method.partition("/")
    return service.call(BY_NAME[name], rpc, request, actor, roles)


@pytest.fixture(scope="module")
def waved(governed, root):
    """A running service, and the name of an approved release that goes by waves."""
    files = read_policy(root / "policies" / "replenishment")
    files["charter.yaml"] += WAVES
    rules = next(
        name for name, text in files.items() if "\nversion: 1.0.0" in text and name != "charter.yaml"
    )
    files = {
        k: v.replace("\nversion: 1.0.0", "\nversion: 2.0.0") if k != "charter.yaml" else v
        for k, v in files.items()
    }
    assert "version: 2.0.0" in files[rules]
    publish = release_service_pb2.PublishReleaseRequest(files=files)
    name = call(governed, "ReleaseService/PublishRelease", publish).release.name
    call(governed, "ReleaseService/ProposeRelease", release_service_pb2.ProposeReleaseRequest(name=name))
    approve = release_service_pb2.ApproveReleaseRequest(name=name)
    call(governed, "ReleaseService/ApproveRelease", approve, "bruno.keller")
    return governed, name


@pytest.fixture
def decisionctl(waved):
    def run(*arguments):
        done = CliRunner().invoke(load(), [*arguments, "--address", waved[0].server.address])
        return done.exit_code, done.output

    return run


def release_for(service, example, unit, **more):
    """Which release decides for a business unit."""
    given = {"request_id": f"waves-{unit}", "validate_only": True, **more}
    request = decisions.DecideRequest(snapshot=example, mode=decision_pb2.DECISION_MODE_JUDGE, **given)
    request.scope.business_unit = unit
    request.proposals.add(id="O1", lane="BUY:GRINDER:DC-NORTH:HANDELSHOF", quantity=20.0)
    return call(service, "DecisionService/Decide", request, "erp-1", "erp").decision.lineage.release


def test_a_release_goes_wave_by_wave(waved, decisionctl, example):
    """
    Opened for the pilot alone; the gate of the next wave is shown and refuses; paused, nothing opens;
    taken back, the pilot has what it had.
    """
    service, name = waved
    version = name.removeprefix("releases/")
    opened = decisionctl("rollout", "open", version, "pilot", "--reason", "first")
    both = [release_for(service, example, unit) for unit in ("retail", "machines")]
    shown = json.loads(decisionctl("rollout", "show", version, "--json")[1])
    refused = decisionctl("rollout", "open", version, "plants")
    past = decisionctl("policy", "activate", version)
    again = decisionctl("rollout", "open", version, "pilot")
    paused = decisionctl("rollout", "pause", version, "--reason", "holidays")
    stopped = decisionctl("rollout", "open", version, "plants")
    resumed = decisionctl("rollout", "resume", version, "--reason", "back")
    back = decisionctl("rollout", "take-back", version, "pilot", "--reason", "noise")
    twice = decisionctl("rollout", "take-back", version, "pilot", "--reason", "noise")

    assert [0, 0, 0, 0] == [done[0] for done in (opened, paused, resumed, back)]
    assert [name, "releases/replenishment@1.0.0"] == both
    assert ["answered", "override_rate"] == [c["measure"] for c in shown["waves"][1]["gate"]]
    assert [2] * 5 == [done[0] for done in (refused, past, again, stopped, twice)]
    assert "the gate of wave `plants` is not reached: answered at least 1: does not hold" in refused[1]
    assert "override_rate at most 0.2: nothing was measured" in refused[1]
    assert "in none that is open" in past[1]
    assert "PAUSED" in paused[1]
    assert "releases/replenishment@1.0.0" == release_for(service, example, "retail")


def test_pinning_a_release_does_not_pass_its_waves(waved, example):
    """
    A caller names the release itself: told what it would say, and refused what would count.
    """
    service, name = waved
    asked = release_for(service, example, "machines", release=name)
    with pytest.raises(grpc.RpcError) as refused:
        release_for(service, example, "machines", release=name, request_id="pinned", validate_only=False)

    assert name == asked
    assert "FAILED_PRECONDITION" == refused.value.code().name
    assert "`business_unit:machines` is in none that is open" in refused.value.details()


@pytest.mark.parametrize(
    ("method", "roles"),
    [("OpenWave", "operator"), ("OpenWave", "planner"), ("ResumeWaves", "operator"), ("TakeBackWave", "auditor"),
     ("PauseWaves", "erp"), ("GetWaves", "erp")],
)  # fmt: skip
def test_forged_roles_move_no_wave(waved, method, roles):
    """
    Operators stop and take back, only governance opens.
    """
    service, name = waved
    named = {"wave": "pilot"} if "Wave" in method and not method.endswith("Waves") else {}
    reason = {} if method in ("GetWaves", "OpenWave") else {"reason": "x"}
    with pytest.raises(grpc.RpcError) as refused:
        call(
            service,
            f"WaveService/{method}",
            getattr(pb, f"{method}Request")(name=name, **named, **reason),
            "mallory",
            roles,
        )

    assert grpc.StatusCode.PERMISSION_DENIED == refused.value.code()


@pytest.mark.parametrize(
    "wrong",
    [
        ("show", "replenishment"),
        ("show", "replenishment@9.9.9"),
        ("open", "replenishment@1.0.0", "pilot"),
        ("open", "replenishment@2.0.0", "moon"),
        ("pause", "replenishment@2.0.0", "--reason", ""),
        ("take-back", "replenishment@2.0.0", "plants", "--reason", "x"),
    ],
)
def test_bad_input_is_refused(decisionctl, wrong):
    """
    No version, no such release, one without waves, no such wave, no reason, a closed wave.
    """
    assert 2 == decisionctl("rollout", *wrong)[0]
