"""Purchases that came from released requests: what was undone stays undone, what was released is the most."""

from trytond.i18n import gettext
from trytond.model import ModelView, Workflow
from trytond.model.exceptions import ValidationError
from trytond.pool import PoolMeta

from .snapshot import base_quantity


class Purchase(metaclass=PoolMeta):
    """A purchase that may have come from requests."""

    __name__ = "purchase.purchase"

    @classmethod
    @ModelView.button
    @Workflow.transition("draft")
    def draft(cls, purchases):
        """Open again, unless the service cancelled it."""
        for purchase in purchases:
            if any(r.disposition == "cancelled" for line in purchase.lines for r in line.requests):
                raise ValidationError(gettext("purchase_decision.msg_cancelled", purchase=purchase.rec_name))
        super().draft(purchases)

    @classmethod
    @ModelView.button
    @Workflow.transition("quotation")
    def quote(cls, purchases):
        """Ask the supplier, for no more than was released."""
        for purchase in purchases:
            for line in purchase.lines:
                if line.requests:
                    _require_released(purchase, line)
        super().quote(purchases)


def _require_released(purchase, line):
    asked = base_quantity(line.unit, line.quantity, line.product)
    released = sum(base_quantity(r.unit, r.quantity, r.product) for r in line.requests)
    if asked > released:
        raise ValidationError(
            gettext(
                "purchase_decision.msg_more_than_released",
                purchase=purchase.rec_name,
                product=line.product.rec_name,
                asked=asked,
                released=released,
            )
        )
