"""
A real ERP as client: Tryton from the package index, with the connector of examples/tryton, in its own environment.

Order points raise purchase requests, the service judges them, and only what it releases becomes a purchase.
"""

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from decision_service.api.server import SERVICES
from decision_service.v1 import approval_service_pb2 as approvals
from decision_service.v1 import rollback_service_pb2 as rollbacks

ROOT = Path(__file__).parents[3]
CONNECTOR = ROOT / "examples" / "tryton"
BY_NAME = {s.name: s for s in SERVICES}
SIGNERS = {"purchasing-manager": "lars.moen", "finance-controller": "quinn.murphy"}  # policies/charter.yaml

pytestmark = pytest.mark.timeout(600)  # the first run creates an ERP's database: 40 s of CPU


def call(service, method, request, actor, roles):
    name, _, rpc = method.partition("/")
    return service.call(BY_NAME[name], rpc, request, actor, roles)


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **more)


@pytest.fixture(scope="module")
def python(tool_python):
    """Tryton's interpreter: an environment of its own."""
    project = tomllib.loads((CONNECTOR / "pyproject.toml").read_text())["project"]
    return tool_python("tryton", project["dependencies"] + project["optional-dependencies"]["test"])


@pytest.fixture(scope="module")
def connector(tmp_path_factory):
    """The connector as its wheel, and the code generated from the protos: what its guide installs."""
    folder = tmp_path_factory.mktemp("connector")
    wheels, site = folder / "wheels", folder / "site"
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels), cwd=CONNECTOR)
    assert 0 == built.returncode, built.stderr
    zipfile.ZipFile(next(wheels.glob("*.whl"))).extractall(site)
    protos = [p.relative_to(ROOT).as_posix() for p in (ROOT / "protos/decision_service/v1").glob("*.proto")]
    protoc = (sys.executable, "-m", "grpc_tools.protoc", "-I", "protos", f"--python_out={site}")
    generated = run(*protoc, *protos, "protos/buf/validate/validate.proto", cwd=ROOT)
    assert 0 == generated.returncode, generated.stderr
    return site


class Erp:
    """The ERP's process, asked line by line."""

    def __init__(self, python, site, database):
        environment = os.environ | {
            "PYTHONPATH": str(site),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DB_CACHE": str(database),
        }
        self.process = subprocess.Popen(
            [str(python), str(Path(__file__).with_name("erp.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        assert "ready" == json.loads(self.process.stdout.readline() or '"the ERP did not start"')

    def ask(self, *words):
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"the ERP ended at {words}"
        return json.loads(answer)

    def request(self, product, number=-1):
        """The newest request for a product."""
        return [r for r in self.ask("requests") if r["product"] == product][number]

    def bought(self, product):
        """State and quantity of every purchase of a product, oldest first."""
        return [(p["state"], p["quantity"]) for p in self.ask("purchases") if p["product"] == product]

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()


@pytest.fixture(scope="module")
def erp(python, connector, tool_cache):
    """One company for all tests: its products differ. Tryton keeps its database, for each version of the module."""
    module = sorted(p for p in (connector / "trytond_purchase_decision").rglob("*") if p.is_file())
    database = tool_cache("tryton-database", str(python), *(file.read_bytes() for file in module))
    running = Erp(python, connector, database)
    yield running
    running.close()


@pytest.fixture(scope="module")
def down(erp):
    """The requests of a supply run while no service listens, before any other test."""
    erp.ask("connect", "127.0.0.1:9")
    erp.ask("product", "pump", "10", 40)
    erp.ask("product", "boiler", "4000", 30)
    erp.ask("product", "riddle", None, 5)
    erp.ask("supply")
    return erp.ask("requests"), erp.ask("purchases"), erp.ask("create_purchase", "pump")


@pytest.fixture(scope="module")
def decided(erp, down, governed):
    """The service is back; the scheduled task ran twice, the second time for what the first released."""
    erp.ask("connect", governed.server.address)
    erp.ask("follow")
    return governed


def test_a_service_that_is_down_leaves_drafts(down):
    """
    Raised by order points, undecided, told why; the button that would buy anyway refuses.
    """
    requests, purchases, refused = down
    by_name = {r["product"]: r for r in requests}

    assert {"pump", "boiler", "riddle"} == set(by_name)
    assert {("draft", "stock.order_point", None)} == {
        (r["state"], r["origin"], r["decision"]) for r in requests
    }
    assert "UNAVAILABLE" in by_name["pump"]["note"]
    assert [] == purchases
    assert "has not been released" in refused


def test_only_what_is_released_becomes_a_purchase(erp, decided):
    """
    The small order is bought; the large one waits for people, by the rule that is named; the unpriced one is asked for.
    """
    assert [("draft", 40.0)] == erp.bought("pump")
    assert ("purchased", "released") == (erp.request("pump")["state"], erp.request("pump")["disposition"])
    assert [] == erp.bought("boiler")
    assert ("draft", "referred") == (erp.request("boiler")["state"], erp.request("boiler")["disposition"])
    assert "OA-11" in erp.request("boiler")["note"]
    assert "incomplete" == erp.request("riddle")["disposition"]
    assert "no price" in erp.request("riddle")["note"]
    assert "has not been released" in erp.ask("create_purchase", "boiler")


def test_a_person_approves_and_it_is_bought(erp, decided):
    """
    The referred order, signed at the service by the role that the rule names.
    """
    decision = erp.request("boiler")["decision"]
    ref = approvals.OrderRef(decision=decision, order=f"purchase-request-{erp.request('boiler')['id']}")
    asked = approvals.ListOrdersRequest(decision=decision)
    while waiting := call(decided, "ApprovalService/ListOrders", asked, "otto", "operator").orders:
        sign = approvals.JudgeOrdersRequest(action="JUDGE_ACTION_APPROVE", orders=[ref])
        call(decided, "ApprovalService/JudgeOrders", sign, SIGNERS[waiting[0].asked], "planner")
    erp.ask("follow")

    assert [("draft", 30.0)] == erp.bought("boiler")
    assert "released" == erp.request("boiler")["disposition"]


def test_a_run_that_is_repeated_buys_nothing_again(erp, decided):
    """
    Supply and follow, twice more: what is bought counts as supply, and nothing is done twice under one key.
    """
    erp.ask("product", "gasket", "2", 50)
    for _ in range(3):
        erp.ask("supply")
        erp.ask("follow")

    assert [("draft", 50.0)] == erp.bought("gasket")
    assert 1 == len([r for r in erp.ask("requests") if r["product"] == "gasket"])


def test_runs_before_the_release_buy_once(erp, decided):
    """
    A run deletes drafts and raises them anew: the order of the deleted one is refused, the newer one bought.
    """
    erp.ask("product", "spring", "3", 20)
    erp.ask("supply")
    first = erp.request("spring")
    erp.ask("supply")
    erp.ask("follow")

    assert first["decision"] != erp.request("spring")["decision"]
    assert [("draft", 20.0)] == erp.bought("spring")
    (old,) = orders(decided, first)
    assert approvals.ORDER_STATE_REFUSED == old.state
    assert "not there any more" in old.note


def test_cancel_and_run_again(erp, decided):
    """
    A purchase cancelled by hand is needed again once, in the same quantity.
    """
    erp.ask("product", "hose", "5", 12)
    erp.ask("supply")
    erp.ask("follow")
    erp.ask("press", "cancel", "hose")
    for _ in range(2):
        erp.ask("supply")
        erp.ask("follow")

    assert [("cancelled", 12.0), ("draft", 12.0)] == erp.bought("hose")


def test_nobody_orders_more_than_was_released(erp, decided):
    """
    The quantity of the purchase may be raised as a draft, but it does not leave.
    """
    erp.ask("product", "valve", "7", 10)
    erp.ask("supply")
    erp.ask("follow")

    assert "10.0 were released" in erp.ask("ask_for_more", "valve", 1000)
    assert [("draft", 1000.0)] == erp.bought("valve")


def test_a_person_changes_what_was_released(erp, decided):
    """
    A planner wants more and another signs: the draft purchase follows; one that is confirmed does not.
    """
    for name in ("dial", "filter"):
        erp.ask("product", name, "9", 16)
    erp.ask("supply")
    erp.ask("follow")
    erp.ask("press", "quote", "filter")
    erp.ask("press", "confirm", "filter")
    for name in ("dial", "filter"):
        change_quantity(decided, erp.request(name), 21.0)
    erp.ask("follow")

    assert [("draft", 21.0)] == erp.bought("dial")
    assert [("processing", 16.0)] == erp.bought("filter")
    (refused,) = orders(decided, erp.request("filter"))
    assert (16.0, approvals.ORDER_STATE_ACKNOWLEDGED) == (refused.terms.quantity, refused.state)
    assert "is processing" in refused.note


def change_quantity(service, request, quantity):
    """A planner overrides, another signs."""
    ref = approvals.OrderRef(decision=request["decision"], order=f"purchase-request-{request['id']}")
    change = approvals.OverrideOrderRequest(
        order=ref, quantity=quantity, reason_code="LOCAL_KNOWLEDGE", playbook_step=1
    )
    done = call(service, "ApprovalService/OverrideOrder", change, "lars.moen", "planner")
    other = {"purchasing-manager": "maria.silva", "supply-planner": "dev.patel"}[done.tiers[0].role]
    sign = approvals.JudgeOrdersRequest(action="JUDGE_ACTION_APPROVE", orders=[ref])
    call(service, "ApprovalService/JudgeOrders", sign, other, "planner")


def test_a_rollback_cancels_what_was_not_yet_ordered(erp, decided):
    """
    A draft purchase is cancelled, an order at the supplier stays and says so, what had not left ends where it is.
    """
    for name in ("knob", "lever"):
        erp.ask("product", name, "6", 15)
    erp.ask("supply")
    erp.ask("follow")
    erp.ask("press", "quote", "lever")
    erp.ask("press", "confirm", "lever")
    erp.ask("product", "shelf", "8", 25)
    erp.ask("supply")
    decisions = {erp.request(name)["decision"] for name in ("knob", "lever", "shelf")}
    placed = {name: erp.request(name) for name in ("knob", "lever", "shelf")}
    totals = roll_back(decided, decisions)
    erp.ask("follow")

    assert {"CANCEL_REQUEST": 2, "VOID": 1} == totals
    assert [("cancelled", 15.0)] == erp.bought("knob")
    assert [("processing", 15.0)] == erp.bought("lever")
    assert [] == erp.bought("shelf")
    assert ("draft", "void") == (erp.request("shelf")["state"], erp.request("shelf")["disposition"])
    states = {name: orders(decided, request)[0].state for name, request in placed.items()}
    assert approvals.ORDER_STATE_CANCELLED == states["knob"]
    assert approvals.ORDER_STATE_ACKNOWLEDGED == states["lever"]
    assert approvals.ORDER_STATE_VOID == states["shelf"]
    assert "was cancelled by the decision service" in erp.ask("press", "draft", "knob")


def orders(service, request):
    """The order of a purchase request at the service."""
    asked = approvals.ListOrdersRequest(
        decision=request["decision"], states=[n for n in approvals.OrderState.values() if n], with_moved=True
    )
    found = call(service, "ApprovalService/ListOrders", asked, "otto", "operator").orders
    return [o for o in found if o.order == f"purchase-request-{request['id']}"]


def roll_back(service, decisions):
    """Planned by one operator, approved by another, executed; orders by action."""
    affected = rollbacks.RollbackAffected(decisions=sorted(decisions))
    plan = rollbacks.PlanRollbackRequest(affected=affected, reason="wrong forecast")
    planned = call(service, "RollbackService/PlanRollback", plan, "otto.lang", "operator").rollback
    same = {"name": planned.name, "digest": planned.digest}
    call(service, "RollbackService/ApproveRollback", rollbacks.ApproveRollbackRequest(**same), "pia.holm", "operator")  # fmt: skip
    call(service, "RollbackService/ExecuteRollback", rollbacks.ExecuteRollbackRequest(**same), "otto.lang", "operator")  # fmt: skip
    return {
        rollbacks.RollbackAction.Name(t.kind).removeprefix("ROLLBACK_ACTION_"): t.orders
        for t in planned.totals
    }
