"""Indicators: what the log says about a release."""

from dataclasses import replace

from audit import canonical
from decision_service.api import convert
from decision_service.cli.policy_files import read_policy
from decision_service.cli.snapshot_file import read_message
from decision_service.decision import Outcome, Question, Verdict
from decision_service.usecases.guarding.indicators import Indicator, stockout_days
from decision_service.usecases.outcome import decide
from decision_service.usecases.release_content import ReleaseContent, compile_release
from optimization.network import Snapshot


def test_without_orders_stock_runs_out_sooner(root):
    """
    The days without stock that a plan leaves are fewer than those that doing nothing leaves.
    """
    snapshot = convert.parse(read_message(root / "examples" / "bundled" / "snapshot.json"), Snapshot)
    release = compile_release(ReleaseContent(read_policy(root / "policies" / "replenishment")))
    digest = canonical.digest(canonical.encode_object(snapshot))
    planned = decide(Question(digest, snapshot.as_of), snapshot, release)
    with_orders, without = (
        stockout_days(planned, snapshot),
        stockout_days(Outcome(Verdict.APPROVED), snapshot),
    )

    assert 0.0 <= with_orders < without <= snapshot.horizon * snapshot.bucket_days


def test_without_demand_nothing_can_run_out(root):
    """
    No demand, no indicator: absent rather than zero.
    """
    snapshot = convert.parse(read_message(root / "examples" / "bundled" / "snapshot.json"), Snapshot)

    assert stockout_days(Outcome(Verdict.APPROVED), replace(snapshot, demands=())) is None


def test_rates_and_relative_figures_are_told_apart():
    """
    Rates are 0 or 1; money and seconds are compared as ratios; days as they are.
    """
    assert {"infeasible", "fallback", "override"} == {i.value for i in Indicator if i.is_rate}
    assert {"order_value", "latency"} == {i.value for i in Indicator if i.is_relative}
