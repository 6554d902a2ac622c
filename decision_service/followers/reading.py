"""What followers read of a decision's entry: its envelope, decoded once into no more than they need."""

import msgspec


class Said(msgspec.Struct, frozen=True, gc=False):  # one a decision of the log, and none can form a cycle
    """
    What the envelope of a decision says that lists, filters and orders are made of.

    Parameters
    ----------
    value
        Sum of the orders' costs as text, money: an envelope holds no floats.
    """

    name: str
    request_id: str
    mode: str
    scope: str
    actor: str
    release: str
    verdict: str
    approved: int
    referred: int
    blocked: int
    value: str
    outcome_digest: str
    rules: tuple[str, ...] = ()
    snapshot_digest: str = ""


read_said = msgspec.json.Decoder(Said).decode
