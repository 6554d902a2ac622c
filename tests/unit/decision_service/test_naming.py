"""Names by time."""

from uuid import RFC_4122, UUID

from decision_service.usecases.naming import Names


def test_a_name_tells_when_it_was_given():
    """
    RFC 9562: the first 48 bits are milliseconds since 1970.
    """
    name = UUID(Names(lambda: 1_645_557_742_000_500_000)())  # appendix A.6

    assert (7, RFC_4122, 0x017F22E279B0) == (name.version, name.variant, name.int >> 80)


def test_names_rise_while_the_clock_stands_still_or_goes_back():
    """
    Many within one tick of the clock, and after it was set back.
    """
    times = iter([5_000_000] * 5_000 + [4_000_000] * 5)
    give = Names(lambda: next(times))
    names = [give() for _ in range(5_005)]

    assert names == sorted(set(names))
    assert {36} == set(map(len, names))


def test_a_later_name_is_greater():
    """
    Also a fraction of a millisecond later.
    """
    times = iter([5_000_000, 5_000_300])
    give = Names(lambda: next(times))

    assert give() < give()
