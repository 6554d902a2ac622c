"""Attempts that were refused are logged: who tried what on which order, and why not."""

from audit import Ledger, NewEntry
from decision_service.decision import Caller
from decision_service.errors import ServiceError
from decision_service.usecases.approvals.order_record import OrderRecord

REFUSAL = "attempt-refused.v1"


def refused(
    ledger: Ledger, caller: Caller, action: str, record: OrderRecord, error: ServiceError
) -> ServiceError:
    """The error, once the attempt stands in the log."""
    envelope = {
        "decision": record.decision,
        "order": record.order,
        "actor": caller.subject,
        "trace_id": caller.trace_id,
        "action": action,
        "reason": error.reason,
    }
    ledger.append(NewEntry(REFUSAL, f"{record.decision}/orders/{record.order}", envelope))
    return error
