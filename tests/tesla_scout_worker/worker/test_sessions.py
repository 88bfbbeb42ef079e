"""Charge sessions as reads show them, pure."""

from typing import Any

import pytest

from custom_components.tesla_scout_worker.fleet.models import VehicleData
from custom_components.tesla_scout_worker.worker.sessions import Happened, Log, Session, after_read

T = 1_795_536_000.0
HOUR = 3_600.0


def read(state: str | None, hours: float, level: float, energy: float = 0.0, **charge: Any) -> VehicleData:
    """Return a read so many hours later. energy: the car's counter (kWh)."""
    told = {
        "charging_state": state, "battery_level": level, "charge_energy_added": energy, "charge_limit_soc": 80, **charge,
    }  # fmt: skip
    return VehicleData({"charge_state": told}, T + hours * HOUR)


def flow(energy: float, minutes: float = 60) -> dict[str, Any]:
    """Return what a car tells at 11 kW, three phases of which it says two; 92 % of it reach the battery."""
    return {
        "charger_power": 10, "charger_voltage": 230, "charger_actual_current": 16, "charger_phases": 2,
        "charge_rate": 40.6, "charge_miles_added_rated": energy * 4, "minutes_to_full_charge": minutes,
    }  # fmt: skip


def through(*reads: VehicleData, is_home: bool | None = True) -> tuple[Log, list[str]]:
    """Return the log and all that happened, after reads that follow each other."""
    log, happened, before = Log(), [], VehicleData()
    for one in reads:
        log, told = after_read(log, before, one, is_home=is_home)
        happened += [item.value for item in told]
        before = one.over(before)
    return log, happened


def test_a_charge_from_plug_to_full() -> None:
    """All that happens is told, in order and once; the session has its times, its energy, and what the wall gave."""
    log, happened = through(
        read("Disconnected", 0, 50, 8.0),
        read("Charging", 1, 57, 5.075, **flow(5.075, 90)),
        read("Charging", 1.5, 64, 10.15, **flow(10.15)),
        read("Complete", 3, 80, 22.0),
        read("Complete", 5, 80, 22.0),
        read("Disconnected", 6, 80, 22.0),
    )
    assert happened == ["plugged_in", "charging_started", "charging_complete", "unplugged"]
    (session,) = log.past
    assert log.running is None
    assert log.last is session
    assert session.started_at == pytest.approx(T + 0.5 * HOUR, abs=5)
    assert session.ended_at == pytest.approx(T + 2.5 * HOUR, abs=5)
    assert (session.level_before, session.level_after, session.energy_added) == (50, 80, 22.0)
    assert session.efficiency == pytest.approx(0.92, abs=0.005)
    assert session.wall_kw == pytest.approx(11.04)
    assert session.wall_energy == pytest.approx(22.0 / 0.92, abs=0.1)
    assert session.is_start_seen
    assert session.is_complete


def test_first_read_of_a_charging_car_begins_a_session_but_tells_nothing() -> None:
    """What was before is not known."""
    log, happened = through(read("Charging", 0, 60, 10.15, **flow(10.15)))
    assert happened == []
    assert log.running is not None
    assert not log.running.is_start_seen
    assert log.running.started_at == pytest.approx(T - HOUR, abs=5)


def test_charge_that_fell_between_two_reads() -> None:
    """Nobody saw it run: what it gave is known all the same, and when it was is not."""
    log, happened = through(read("Disconnected", 0, 40, 30.0), read("Complete", 8, 80, 30.0))
    assert happened == ["plugged_in", "charging_complete"]
    (session,) = log.past
    assert (session.energy_added, session.is_start_seen) == (30.0, False)
    assert (session.started_at, session.ended_at) == (T, T + 8 * HOUR)
    log, happened = through(read("Disconnected", 0, 40, 3.0), read("Disconnected", 8, 60, 15.0))
    assert happened == ["charging_interrupted"]
    assert log.past[0].energy_added == 15.0


def test_interrupted_and_gone_on() -> None:
    """The counter goes on while the cable stays in: each part has its own energy."""
    log, happened = through(
        read("Disconnected", 0, 50),
        read("Charging", 1, 55, 4.0),
        read("Stopped", 2, 60, 7.5),
        read("Charging", 3, 62, 9.0),
        read("Complete", 5, 80, 22.5),
    )
    assert happened == [
        "plugged_in", "charging_started", "charging_interrupted", "charging_started", "charging_complete",
    ]  # fmt: skip
    assert [session.energy_added for session in log.past] == [7.5, 15.0]
    assert [session.is_complete for session in log.past] == [False, True]


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (("Stopped", 60), ["charging_interrupted"]),
        (("NoPower", 60), ["charging_interrupted"]),
        (("Disconnected", 60), ["charging_interrupted", "unplugged"]),
        (("Disconnected", 80), ["charging_complete", "unplugged"]),
        (("Stopped", 80), ["charging_complete"]),
        (("Complete", 79), ["charging_complete"]),
    ],
)
def test_how_it_ended(end: tuple[str, float], told: list[str]) -> None:
    """Complete is what reached its limit, whatever word the car has for it."""
    state, level = end
    _, happened = through(read("Stopped", 0, 50), read("Charging", 1, 55, 4.0), read(state, 3, level, 15.0))
    assert happened == ["charging_started", *told]


def test_another_charge_unseen_in_between() -> None:
    """Both ends of the gap charge, but the counter began anew: the first one ended short, as far as anybody knows."""
    log, happened = through(
        read("Disconnected", 0, 50), read("Charging", 1, 60, 8.0), read("Charging", 20, 52, 1.5)
    )
    assert happened == ["plugged_in", "charging_started", "charging_interrupted", "charging_started"]
    assert log.past[0].energy_added == 8.0
    assert log.running is not None
    assert (log.running.counted_from, log.running.energy_added) == (0.0, 1.5)


@pytest.mark.parametrize("state", [None, "Unknown", ""])
def test_read_that_tells_nothing_ends_nothing(state: str | None) -> None:
    """Null, empty, a word for not knowing: what ran may still run."""
    log, happened = through(read("Stopped", 0, 50), read("Charging", 1, 55, 4.0), read(state, 2, 60, 9.0))
    assert happened == ["charging_started"]
    assert log.running is not None


def test_fast_charger_is_no_wall() -> None:
    """Its meter is not ours."""
    log, _ = through(
        read("Disconnected", 0, 20),
        read("Charging", 0.1, 40, 15.0, fast_charger_present=True, charger_power=120),
        read("Disconnected", 1, 70, 37.0),
        is_home=False,
    )
    (session,) = log.past
    assert (session.is_fast, session.is_home, session.wall_energy) == (True, False, None)


def test_only_the_last_twenty_are_kept() -> None:
    """The store stays small."""
    reads = []
    for number in range(30):
        reads += [read("Charging", 2 * number, 50, 4.0), read("Complete", 2 * number + 1, 80, 20.0)]
        reads += [read("Disconnected", 2 * number + 1.5, 50, 0.0)]
    log, _ = through(*reads)
    assert len(log.past) == 20
    assert log.past[-1].started_at > T + 50 * HOUR


def test_stored_and_read_back_is_the_same() -> None:
    """Also a session that runs; what is damaged is left out."""
    log, _ = through(read("Disconnected", 0, 50), read("Charging", 1, 57, 5.0, **flow(5.0)))
    log = Log((Session(T, 50.0, ended_at=T + 9, is_home=None),), log.running)
    assert Log.from_dict(log.as_dict()) == log
    assert Log.from_dict({"past": [None, {"started_at": "x"}, 5], "running": []}) == Log()
    damaged: Any
    for damaged in (None, [], "x"):
        assert Log.from_dict(damaged) == Log()
    assert Session.from_dict({"started_at": T, "energy_added": "x", "is_home": "x"}) == Session(
        T, None, is_start_seen=False
    )


def test_words_are_those_of_the_event() -> None:
    """The event entity tells these."""
    assert [item.value for item in Happened] == [
        "plugged_in", "charging_started", "charging_complete", "charging_interrupted", "charging_paused",
        "unplugged",
    ]  # fmt: skip
