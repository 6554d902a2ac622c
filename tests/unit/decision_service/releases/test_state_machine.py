"""Whatever people do in whatever order: the log allows what a plain model of the life allows, and nothing else."""

import importlib.util
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from decision_service.decision import Caller, Scope
from decision_service.errors import ForbiddenError, NotFoundError, PreconditionError

SPEC = importlib.util.spec_from_file_location("small_world", Path(__file__).with_name("conftest.py"))
small_world = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(small_world)

VERSIONS = ("1.0.0", "2.0.0", "3.0.0")
SCOPES = (Scope(), Scope(region="north"))
PEOPLE = ("ada", "bob", "cleo", "mallory")
COMPILED = {}

versions, scopes, people = st.sampled_from(VERSIONS), st.sampled_from(SCOPES), st.sampled_from(PEOPLE)
REFUSALS = (PreconditionError, ForbiddenError, NotFoundError)


class Life(RuleBasedStateMachine):
    """Two approvals are needed; a model in plain data says what is allowed."""

    def __init__(self):
        super().__init__()
        self.world = small_world.World()
        self.world.releases._compiled.update(COMPILED)
        self.state, self.involved, self.approvals = {}, {}, {}
        self.revoked, self.governed = set(), {key: [] for key in SCOPES}
        self.active, self.canary, self.shadow = {}, {}, {}
        self.entries = 0

    def teardown(self):
        COMPILED.update(self.world.releases._compiled)

    def name(self, version):
        return f"releases/small@{version}"

    def attempt(self, allowed, step):
        """Take a step; it is refused exactly when the model refuses it."""
        refusal = ""
        try:
            step()
        except REFUSALS as error:
            refusal = f"refused: {error}"

        assert allowed == (not refusal), refusal
        self.entries += allowed
        return allowed

    def is_ready(self, version):
        return self.state.get(version) == "APPROVED" and version not in self.revoked

    @initialize(stages=st.tuples(*[st.integers(0, 4)] * len(VERSIONS)))
    def begin(self, stages):
        """Some releases have come some way already, so that few steps lead far."""
        for version, stage in zip(VERSIONS, stages, strict=True):
            steps = (
                lambda v: self.publish(v, "ada"),
                lambda v: self.propose(v, "ada"),
                lambda v: self.approve(v, "bob"),
                lambda v: self.approve(v, "cleo"),
            )
            for step in steps[:stage]:
                step(version)

    @rule(version=versions, who=people)
    def draft(self, version, who):
        if version in self.state:
            return  # the same content again changes nothing
        content = small_world.content(version, quorum=2)
        self.attempt(
            allowed=True,
            step=lambda: self.world.releases.publish(content, Caller(who), is_draft=True),
        )
        self.state[version], self.involved[version], self.approvals[version] = "DRAFT", {who}, 0

    @rule(version=versions, who=people)
    def publish(self, version, who):
        if self.state.get(version) not in (None, "DRAFT"):
            return
        content = small_world.content(version, quorum=2)
        if self.attempt(
            version not in self.revoked, lambda: self.world.releases.publish(content, Caller(who))
        ):
            self.state[version] = "CHECKED"
            self.involved.setdefault(version, set()).add(who)
            self.approvals.setdefault(version, 0)

    @rule(version=versions, who=people)
    def check(self, version, who):
        allowed = self.state.get(version) == "DRAFT" and version not in self.revoked
        if self.attempt(allowed, lambda: self.world.releases.check_draft(self.name(version), Caller(who))):
            self.state[version] = "CHECKED"

    @rule(version=versions, who=people)
    def propose(self, version, who):
        allowed = self.state.get(version) == "CHECKED" and version not in self.revoked
        if self.attempt(allowed, lambda: self.world.releases.propose(self.name(version), Caller(who))):
            self.state[version] = "PROPOSED"
            self.involved[version].add(who)

    @rule(version=versions, who=people)
    def approve(self, version, who):
        allowed = (
            self.state.get(version) == "PROPOSED"
            and version not in self.revoked
            and who not in self.involved[version]
            and who != "mallory"
        )
        if self.attempt(allowed, lambda: self.world.releases.approve(self.name(version), Caller(who))):
            self.involved[version].add(who)
            self.approvals[version] += 1
            if self.approvals[version] == 2:
                self.state[version] = "APPROVED"

    @rule(version=versions, scope=scopes)
    def activate(self, version, scope):
        if self.attempt(
            self.is_ready(version),
            lambda: self.world.rollout.activate(self.name(version), scope, Caller("ada")),
        ):
            self.govern(version, scope)

    @rule(scope=scopes)
    def roll_back(self, scope):
        earlier = [v for v in self.governed[scope] if v != self.active.get(scope) and v not in self.revoked]
        if self.attempt(
            bool(earlier), lambda: self.world.rollout.roll_back(scope, Caller("otto"), reason="model")
        ):
            self.govern(earlier[-1], scope)

    def govern(self, version, scope):
        self.active[scope] = version
        self.governed[scope].append(version)
        for trial in (self.canary, self.shadow):
            if trial.get(scope) == version:
                del trial[scope]

    @precondition(lambda self: self.state)
    @rule(version=versions)
    def revoke(self, version):
        allowed = version in self.state and version not in self.revoked
        if self.attempt(
            allowed, lambda: self.world.rollout.revoke(self.name(version), "model", Caller("otto"))
        ):
            self.revoked.add(version)
            for trial in (self.canary, self.shadow):
                for scope in [s for s, v in trial.items() if v == version]:
                    del trial[scope]

    @rule(version=versions, scope=scopes)
    def start_shadow(self, version, scope):
        allowed = self.is_ready(version) and self.shadow.get(scope, version) == version
        if self.attempt(
            allowed, lambda: self.world.rollout.start_shadow(self.name(version), scope, Caller("ada"))
        ):
            self.shadow[scope] = version

    @rule(scope=scopes)
    def stop_shadow(self, scope):
        if self.attempt(scope in self.shadow, lambda: self.world.rollout.stop_shadow(scope, Caller("ada"))):
            del self.shadow[scope]

    @rule(version=versions, scope=scopes)
    def start_canary(self, version, scope):
        allowed = self.is_ready(version) and self.canary.get(scope, version) == version
        if self.attempt(
            allowed,
            lambda: self.world.rollout.start_canary(self.name(version), scope, 1.0, Caller("ada")),
        ):
            self.canary[scope] = version

    @rule(version=versions, scope=scopes, trial=st.sampled_from(("start_shadow", "start_canary")))
    def try_then_activate(self, version, scope, trial):
        """Steps that follow each other in life, and would seldom do so by chance."""
        getattr(self, trial)(version, scope)
        self.activate(version, scope)

    @rule(scope=scopes)
    def stop_canary(self, scope):
        if self.attempt(scope in self.canary, lambda: self.world.rollout.stop_canary(scope, Caller("ada"))):
            del self.canary[scope]

    @invariant()
    def every_step_is_an_entry(self):
        assert self.entries == self.world.ledger.size

    @invariant()
    def states_are_as_the_model_says(self):
        for version in self.state:
            assert self.expected(version) == self.world.state(self.name(version))

    def expected(self, version):
        """The furthest it has come."""
        if version in self.revoked:
            return "REVOKED"
        if version in self.active.values():
            return "ACTIVE"
        if version in self.canary.values():
            return "CANARY"
        if version in self.shadow.values():
            return "SHADOW"
        if any(version in governed for governed in self.governed.values()):
            return "SUPERSEDED"
        return self.state[version]

    @invariant()
    def the_right_release_governs(self):
        for scope in SCOPES:
            keys = (scope, Scope()) if scope != Scope() else (scope,)
            version = next((t[k] for k in keys for t in (self.canary, self.active) if k in t), None)
            try:
                found = self.world.releases.governing(scope, "", self.world.today, "request").name
            except PreconditionError:
                assert version is None or version in self.revoked
            else:
                assert self.name(version) == found


Life.TestCase.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLife = Life.TestCase
