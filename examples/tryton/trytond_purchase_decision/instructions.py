"""
What the service asks for, done with the ERP's own means: `perform` gives the answer and its reference.

Every branch looks first at what is there: an instruction that comes twice finds its work done.
"""

import datetime as dt

from trytond.pool import Pool
from trytond.transaction import Transaction

from decision_service.v1 import handover_service_pb2 as handover

from .snapshot import request_of, supplier_of


def perform(Request, instruction):
    """
    Do it, unless it is done or cannot be done.

    Returns
    -------
    ACCEPTED or REFUSED, and the purchase's number or the reason.
    """
    number = request_of(instruction.order)
    found = Request.search([("id", "=", number)]) if number else []
    if not found:
        return "REFUSED", "the purchase request is not there any more"
    (request,) = found
    if request.decision != instruction.decision:
        return "REFUSED", f"superseded by {request.decision or 'nothing'}"
    does = {
        handover.INSTRUCTION_KIND_RELEASE: _release,
        handover.INSTRUCTION_KIND_CHANGE: _change,
        handover.INSTRUCTION_KIND_CANCEL: _cancel,
    }.get(instruction.kind)
    if does is None:
        return "REFUSED", f"unknown instruction {instruction.kind}"
    with Transaction().set_context(company=request.company.id):
        return does(Request, request, instruction)


def _release(Request, request, instruction):
    if request.purchase_line:
        return "ACCEPTED", reference(request.purchase)
    if request.disposition == "cancelled":
        return "REFUSED", "it was cancelled before"
    terms = instruction.terms
    offer = Pool().get("purchase.product_supplier")(supplier_of(terms.lane))
    values = _terms(request, terms) | {"party": offer.party.id}
    values |= {"disposition": "released", "instruction": instruction.key}
    Request.write([request], values)
    wizard = Pool().get("purchase.request.create_purchase", type="wizard")
    with Transaction().set_context(
        active_model="purchase.request", active_id=request.id, active_ids=[request.id]
    ):
        session, start, _ = wizard.create()
        wizard.execute(session, {}, start)
        wizard.delete(session)
    return "ACCEPTED", reference(Request(request.id).purchase)


def _terms(request, terms):
    Uom = Pool().get("product.uom")
    quantity = Uom.compute_qty(request.product.default_uom, terms.quantity, request.unit)
    return {
        "quantity": quantity,
        "purchase_date": dt.date.fromisoformat(terms.order_date),
        "supply_date": dt.date.fromisoformat(terms.due_date),
    }


def _change(Request, request, instruction):
    purchase, terms = request.purchase, instruction.terms
    if not purchase or purchase.state not in {"draft", "quotation"}:
        return "REFUSED", f"{reference(purchase)} is {purchase.state if purchase else 'not there'}"
    offer = Pool().get("purchase.product_supplier")(supplier_of(terms.lane))
    if offer.party != purchase.party:
        return "REFUSED", f"{reference(purchase)} goes to another supplier"
    Request.write([request], _terms(request, terms))
    if purchase.state == "quotation":
        type(purchase).draft([purchase])
    line = request.purchase_line
    line.quantity = Request(request.id).quantity
    line.on_change_quantity()
    line.save()
    purchase.purchase_date = dt.date.fromisoformat(terms.order_date)
    purchase.save()
    return "ACCEPTED", reference(purchase)


def _cancel(Request, request, _instruction):
    purchase = request.purchase
    if not purchase:
        Request.write([request], {"disposition": "cancelled", "decision_note": "cancelled by the service"})
        return "ACCEPTED", "it was no purchase yet"
    if purchase.state in {"draft", "quotation"}:
        type(purchase).cancel([purchase])
    if purchase.state != "cancelled":
        return "REFUSED", f"{reference(purchase)} is {purchase.state}"
    Request.write(
        [request],
        {"disposition": "cancelled", "decision_note": "cancelled by the service", "exception_ignored": True},
    )
    Request.update_state([Request(request.id)])
    return "ACCEPTED", reference(purchase)


def reference(purchase):
    """How people find it; a draft has no number yet."""
    return f"purchase {purchase.number or purchase.id}" if purchase else "the purchase"
