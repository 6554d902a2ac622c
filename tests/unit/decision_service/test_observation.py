"""What is observed of a call."""

import time

from decision_service.api import telemetry


def test_a_call_takes_as_long_as_it_was_here(monkeypatch):
    """
    Also while it waited to be taken up.
    """
    found = []
    monkeypatch.setattr(telemetry._DURATIONS, "record", lambda *what: found.append(what))

    with telemetry.Observation("s/m", {}, time.perf_counter() - 3.0):
        pass
    with telemetry.Observation("s/m", {}):
        pass

    (waited, *_), (taken, *_) = found
    assert 3.0 <= waited < 4.0
    assert taken < 1.0
