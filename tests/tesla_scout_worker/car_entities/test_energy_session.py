"""When the car's counter of energy began anew: what is counted twice or lost would be wrong in the statistics for ever."""

from typing import Any

from car_payloads import MODEL_3, READ_AT, view
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.tesla_scout_worker.energy_session import EnergySession, follow
from custom_components.tesla_scout_worker.fleet.vehicle_view import VehicleView

HOUR = 3600.0


def read(number: int, word: str | None, added: Any, odometer: Any = 1000.0) -> VehicleView:
    """Return one of several reads, an hour apart."""
    payload = {
        **MODEL_3,
        "charge_state": {"charging_state": word, "charge_energy_added": added},
        "vehicle_state": {"odometer": odometer},
    }
    return view(payload, read_at=READ_AT + number * HOUR)


def counted(reads: list[tuple[Any, ...]]) -> float:
    """Return what Home Assistant makes of it: the differences, and a new session from nothing."""
    session: EnergySession | None = None
    total = 0.0
    for number, one in enumerate(reads):
        before, session = session, follow(session, read(number, *one))
        # The same read again, as after a restart or when the scout has news, is none.
        assert follow(session, read(number, *one)) == session
        if session is None or before is None:
            continue
        is_new = session.began_at != before.began_at
        total += session.added - (0.0 if is_new else before.added)
    return round(total, 3)


@pytest.mark.parametrize(
    ("reads", "kwh"),
    [
        # One session, read now and then, with a pause; it stays after the cable was taken out.
        ([("Disconnected", 7.0), ("Charging", 0.0), ("Charging", 4.0), ("Stopped", 6.0), ("Charging", 9.0),
          ("Complete", 12.0), ("Disconnected", 12.0)], 12.0),
        # A new session that is seen when it shows more than the old one.
        ([("Disconnected", 5.0), ("Charging", 8.0), ("Complete", 20.0)], 20.0),
        # … and one of which nothing was seen before its end.
        ([("Complete", 5.0), ("Disconnected", 5.0), ("Disconnected", 5.0), ("Complete", 9.0)], 9.0),
        # The counter is set back a moment after the cable was put in.
        ([("Disconnected", 5.0), ("Stopped", 5.0), ("Charging", 6.0)], 6.0),
        ([("Disconnected", 5.0), ("Starting", 5.0), ("Charging", 0.2), ("Charging", 1.2)], 1.2),
        # The estimate is corrected within a session.
        ([("Charging", 3.0), ("Charging", 2.5), ("Complete", 8.0)], 5.0),
        # What was charged after the last read of a session is told when the cable is out.
        ([("Charging", 5.0), ("Disconnected", 10.0, 1020.0)], 5.0),
        # Two sessions with a drive between them that nobody saw.
        ([("Charging", 5.0), ("Charging", 8.0, 1020.0)], 8.0),
        ([("Charging", 5.0), ("Complete", 5.5, 1020.0), ("Complete", 5.5, 1020.0)], 5.5),
        # … without the odometer a fall tells it.
        ([("Complete", 20.0, None), ("Charging", 3.0, None)], 3.0),
        ([("Complete", 0.6, None), ("Charging", 0.0, None), ("Charging", 0.4, None)], 0.4),
        # Nothing told is nothing counted, and a cable that was out meanwhile is remembered.
        ([("Complete", 5.0), (None, None), ("Disconnected", None), ("Charging", 8.0)], 8.0),
        ([("Complete", 5.0), (None, "x"), ("Complete", -1.0), ("Complete", 6.0)], 1.0),
        ([(None, None), ("Charging", 3.0), ("Charging", 4.0)], 1.0),
    ],
)  # fmt: skip
def test_each_kilowatt_hour_counts_once(reads: list[tuple[Any, ...]], kwh: float) -> None:
    """Whatever is seen of it."""
    assert counted(reads) == kwh


DAYS = st.lists(
    st.tuples(st.floats(0, 60), st.integers(1, 4), st.booleans(), st.booleans()), min_size=1, max_size=8
)


@settings(max_examples=200, deadline=None)
@given(DAYS)
def test_sessions_that_are_each_seen_unplugged_are_counted_whole(
    days: list[tuple[float, int, bool, bool]],
) -> None:
    """Whatever each brought, and however often it was looked at: nothing is lost, nothing counts twice."""
    reads: list[tuple[Any, ...]] = [("Disconnected", 0.0)]
    last, expected = 0.0, 0.0
    for brought, looks, is_stale, is_full in days:
        kwh = round(brought, 1)
        if is_stale:
            reads.append(("Stopped", last))
        # A session that brings exactly what the last one brought cannot be told from that.
        if kwh == last:
            continue
        steps = [round(kwh * step / looks, 1) for step in range(1, looks + 1)]
        # The first look of a session tells another number than the last session's end.
        steps = [step for number, step in enumerate(steps) if number or step != last] or [kwh]
        reads += [("Charging", step) for step in steps]
        reads += [("Complete" if is_full else "Stopped", kwh), ("Disconnected", kwh)]
        last = kwh
        expected += kwh
    assert counted(reads) == pytest.approx(expected, abs=0.01)


def test_kept_over_a_restart() -> None:
    """What is stored is read back; what is no session is none."""
    session = EnergySession(READ_AT, 5.0, was_plugged_in=False, odometer=1000.0)
    assert EnergySession.from_dict(session.as_dict()) == session
    assert EnergySession.from_dict({**session.as_dict(), "was_plugged_in": "x", "odometer": None}) == (
        EnergySession(READ_AT, 5.0)
    )
    for broken in (
        {},
        {"began_at": "x", "added": 1.0},
        {"began_at": 1.0, "added": None},
        {"native_value": 3},
    ):
        assert EnergySession.from_dict(broken) is None
