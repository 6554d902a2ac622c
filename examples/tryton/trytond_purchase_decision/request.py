"""
Purchase requests that wait for the decision service.

A request is asked about as soon as the supply run raised it, and becomes a purchase when the service releases it:
never before, and never because the service did not answer.
"""

import logging

from trytond.exceptions import UserError
from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.model.exceptions import ValidationError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.transaction import Transaction
from trytond.wizard import StateTransition, Wizard

from .instructions import perform
from .snapshot import IncompleteError, Question, order_id, request_of
from .wire import Service, ServiceError

logger = logging.getLogger(__name__)

DISPOSITIONS = [
    (None, ""),
    ("incomplete", "IncompleteError"),
    ("approved", "Approved"),
    ("referred", "Referred"),
    ("blocked", "Blocked"),
    ("rejected", "Rejected"),
    ("void", "Void"),
    ("released", "Released"),
    ("refused", "Refused"),
    ("cancelled", "Cancelled"),
]
# How the service's state of an order reads on a request that is no purchase yet.
STATES = {"overridden": "referred"} | {
    s: s for s in ("approved", "referred", "blocked", "rejected", "void", "refused")
}


class PurchaseRequest(metaclass=PoolMeta):
    """A purchase request with its decision."""

    __name__ = "purchase.request"

    decision = fields.Char("Decision", readonly=True, help="Name of the decision, for the auditor.")
    disposition = fields.Selection(DISPOSITIONS, "Disposition", readonly=True, sort=False)
    decision_note = fields.Text("Reasons", readonly=True)
    instruction = fields.Char(
        "Instruction", readonly=True, help="What was done under this key is not done again."
    )

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons["decide"] = {
            "invisible": Bool(Eval("purchase_line")),
            "depends": ["purchase_line"],
        }

    @classmethod
    def copy(cls, requests, default=None):
        """A copy is undecided."""
        cleared = dict.fromkeys(("decision", "disposition", "decision_note", "instruction"))
        return super().copy(requests, default=cleared | (default or {}))

    @classmethod
    def generate_requests(cls, products=None, warehouses=None):
        """Raise the requests, then ask about them."""
        super().generate_requests(products=products, warehouses=warehouses)
        cls.decide(cls.undecided())

    @classmethod
    def undecided(cls):
        """Drafts without an answer, of the company at work."""
        return cls.search(
            [
                ("state", "=", "draft"),
                ("product", "!=", None),
                ("decision", "=", None),
                ("company", "=", Transaction().context.get("company")),
            ]
        )

    @classmethod
    @ModelView.button
    def decide(cls, requests):
        """Ask about drafts; a service that does not answer leaves them drafts, to be asked about again."""
        open_ = [r for r in requests if r.state == "draft" and not r.decision]
        for company in sorted({r.company for r in open_}, key=int):
            cls._decide(company, [r for r in open_ if r.company == company])

    @classmethod
    def _decide(cls, company, requests):
        question, asked = cls._question(company, requests)
        if not asked:
            return
        try:
            with Service() as service:
                decision = service.decide(question.asked())
        except ServiceError as error:
            logger.warning("no decision on %d purchase requests: %s", len(asked), error)
            cls.write(asked, {"decision_note": str(error)})
            return
        cls._note(asked, decision)

    @classmethod
    def _question(cls, company, requests):
        question, asked = Question(company, Pool().get("ir.date").today()), []
        for request in requests:
            try:
                question.add(request)
            except IncompleteError as error:
                cls.write([request], {"disposition": "incomplete", "decision_note": str(error)})
            else:
                asked.append(request)
        return question, asked

    @classmethod
    def _note(cls, requests, decision):
        """What the service answered, on each request; a decision without orders rejects all of them."""
        orders = {order.id: order for order in decision.orders}
        for request in requests:
            order = orders.get(order_id(request))
            reasons = order.reasons if order else decision.reasons
            said = {1: "approved", 2: "referred", 3: "blocked"}[order.disposition] if order else "rejected"
            note = "\n".join(f"{r.table}/{r.row}: {r.message}" for r in reasons)
            cls.write([request], {"decision": decision.name, "disposition": said, "decision_note": note})

    @classmethod
    def decide_and_follow(cls):
        """The scheduled task."""
        cls.decide(cls.undecided())
        cls.follow()

    @classmethod
    def follow(cls):
        """
        Do what is due, then read where the rest stands.

        Each instruction is committed before it is acknowledged: after a crash in between it comes again under its
        key, and is found done.
        """
        try:
            with Service() as service:
                for instruction in service.pull():
                    cls._do(service, instruction)
                cls._catch_up(service)
        except ServiceError as error:
            logger.warning("instructions were not followed: %s", error)

    @classmethod
    def _do(cls, service, instruction):
        try:
            answer, reference = perform(cls, instruction)
        except UserError as error:
            # not answered, it comes again; given up in the end, it is on the operator's list
            Transaction().rollback()
            logger.warning("%s cannot be done: %s", instruction.key, error)
            return
        Transaction().commit()
        service.acknowledge(instruction.key, answer, reference)

    @classmethod
    def _catch_up(cls, service):
        """What people, timers and rollbacks did to orders that have not left."""
        waiting = cls.search([("state", "=", "draft"), ("decision", "!=", None)])
        for decision in sorted({r.decision for r in waiting}):
            here = {r.id: r for r in waiting if r.decision == decision}
            for name, state, note in service.orders(decision):
                request = here.get(request_of(name))
                said = STATES.get(state)
                if request and said and said != request.disposition:
                    cls.write([request], {"disposition": said, "decision_note": note})

    @classmethod
    def reset_purchased(cls, requests):
        """Whoever takes a request out of a cancelled purchase has it decided anew."""
        super().reset_purchased(requests)
        cls.write(requests, dict.fromkeys(("decision", "disposition", "decision_note", "instruction")))


class CreatePurchase(metaclass=PoolMeta):
    """The ERP's own wizard, for released requests only."""

    __name__ = "purchase.request.create_purchase"

    def transition_start(self):
        """Refuse what was not released."""
        for request in self.records:
            if not request.purchase_line and request.disposition != "released":
                raise ValidationError(gettext("purchase_decision.msg_not_released", request=request.rec_name))
        return super().transition_start()


class Follow(Wizard):
    """Do now what the scheduled task does every minute."""

    __name__ = "purchase.request.follow"
    start = StateTransition()

    def transition_start(self):
        """Ask, then follow."""
        Pool().get("purchase.request").decide_and_follow()
        return "end"
