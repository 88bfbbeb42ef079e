"""The car's schedules: when it starts and stops by itself, and what it takes meanwhile."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
import random
from zoneinfo import ZoneInfo

import pytest
from sim_bench import NOON, Bench, bench
from sim_signing import kept

from fleet_simulator import SUPERCHARGER, Car, Drive, drive_home, spent
from fleet_simulator.charging import AC_EFFICIENCY

pytestmark = pytest.mark.usefixtures("socket_enabled")

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600.0


def at(hour: int, minute: int = 0, *, day: int = 12, month: int = 11, year: int = 2026) -> float:
    """Return the epoch second of a time in Berlin; the 12th of November 2026 is a Thursday."""
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN).timestamp()


@pytest.fixture
async def b() -> AsyncGenerator[Bench]:
    async with bench(battery_level=20) as made:
        yield made


def charges(car: Car, moment: float) -> bool:
    return car.battery(moment).flowing


async def test_it_waits_and_charges_in_its_window_only(b: Bench) -> None:
    b.car.charge_schedules.append(kept(start_time=22 * 60, end_time=2 * 60))
    b.car.plug_in(NOON)
    assert b.car.battery(NOON + 60).charging_state == "Stopped"
    assert b.car.battery(NOON + 60).waiting
    assert not charges(b.car, at(22) - 1)
    assert charges(b.car, at(22))
    assert charges(b.car, at(2, day=13) - 1)
    assert b.car.current_schedule(at(23)) == b.car.charge_schedules[0]
    assert not charges(b.car, at(2, day=13))
    assert b.car.battery(at(3, day=13)).waiting
    night = b.car.energy(at(22), at(2, day=13))
    assert night.battery_kwh == pytest.approx(4 * 11.04 * AC_EFFICIENCY, rel=0.1)
    assert night.wall_kwh == pytest.approx(night.battery_kwh / AC_EFFICIENCY)
    assert b.car.energy(at(2, day=13), at(21, 59, day=13)) == (0, 0)
    # To its limit, and no further on the next night.
    assert b.car.battery(at(3, day=14)).level == pytest.approx(80)
    assert b.car.battery(at(3, day=14)).charging_state == "Complete"


async def test_it_is_awake_while_it_charges_and_sleeps_before(b: Bench) -> None:
    b.car.charge_schedules.append(kept())
    b.car.plug_in(NOON)
    assert b.car.state(at(21)) == "asleep"
    assert b.car.state(at(22, 1)) == "online"
    assert b.car.state(at(6, day=13)) == "asleep"
    b.clock.now = at(22, 5)
    b.token = b.account.issue_access_token()
    state = (await b.data("charge_state", "charge_schedule_data")).response
    assert state["charge_state"]["charging_state"] == "Charging"
    # The old fields do not tell of the new schedules.
    assert state["charge_state"]["scheduled_charging_mode"] == "Off"
    assert state["charge_state"]["scheduled_charging_pending"] is False
    assert state["charge_schedule_data"]["charge_schedule_window"]["start_time"] == 22 * 60


async def test_a_start_without_an_end_and_an_end_without_a_start(b: Bench) -> None:
    b.car.charge_schedules.append(kept(start_time=14 * 60, end_enabled=False))
    b.car.plug_in(at(19))
    assert charges(b.car, at(19, 1))
    assert charges(b.car, at(20, 30))
    b.car.unplug(at(20, 30))
    b.car.plug_in(at(20, 40))
    assert not charges(b.car, at(21))
    assert charges(b.car, at(14, 1, day=13))
    b.car.unplug(at(16, day=13))

    low = b.account.add_car("5YJ3E1EA1KF000002", battery_level=50)
    low.charge_schedules.append(kept(start_enabled=False, end_time=6 * 60))
    low.plug_in(at(18))
    assert low.battery(at(3, day=13)).level == 50
    assert low.battery(at(6, day=13)).level == pytest.approx(80)
    need = low.battery(at(19)).need_s
    assert not charges(low, at(6, day=13) - need - 1)
    assert charges(low, at(6, day=13) - need + 1)


async def test_days_midnight_and_what_is_switched_off(b: Bench) -> None:
    # Friday is 32: the midnight with which it begins.
    b.car.charge_schedules.extend([kept(id=1, days_of_week=32, start_time=0, end_time=60)])
    b.car.charge_schedules.append(kept(id=2, enabled=False, start_time=14 * 60, end_time=15 * 60))
    b.car.charge_schedules.append(kept(id=3, days_of_week=0, start_time=15 * 60, end_time=16 * 60))
    b.car.plug_in(NOON)
    assert not charges(b.car, at(14, 30))
    assert not charges(b.car, at(15, 30))
    assert charges(b.car, at(0, day=13))
    assert not charges(b.car, at(1, day=13))
    assert not charges(b.car, at(0, 30, day=14))
    assert charges(b.car, at(0, 30, day=20))


async def test_one_that_ends_hands_over_to_one_that_begins(b: Bench) -> None:
    b.car.charge_schedules.extend(
        [
            kept(id=1, start_time=14 * 60, end_time=15 * 60),
            kept(id=2, start_time=15 * 60, end_time=16 * 60),
            kept(id=3, start_time=15 * 60, end_time=16 * 60, latitude=50.0),
            kept(id=4, start_time=15 * 60 + 30, end_time=17 * 60),
        ]
    )
    b.car.plug_in(NOON)
    b.car.want_charge(at(14, 30), wanted=False)
    assert not charges(b.car, at(14, 59))
    assert charges(b.car, at(15))
    assert charges(b.car, at(16, 30))
    assert not charges(b.car, at(17))


async def test_a_schedule_for_one_time_goes_when_it_has_passed_here(b: Bench) -> None:
    b.car.charge_schedules.extend(
        [
            kept(id=1, one_time=True, days_of_week=0),
            kept(id=2, one_time=True, latitude=50),
        ]
    )
    b.clock.now = at(1, day=13)
    assert [one["id"] for one in b.car.charge_schedules] == [1, 2]
    b.clock.now = at(2, day=13)
    assert [one["id"] for one in b.car.charge_schedules] == [2]
    b.car.plug_in(at(3, day=13))
    assert charges(b.car, at(3, 1, day=13))


async def test_after_the_last_of_one_time_it_stays_as_it_was(b: Bench) -> None:
    b.car.charge_schedules.append(kept(one_time=True))
    b.car.plug_in(NOON)
    assert charges(b.car, at(23))
    after = b.car.battery(at(5, day=13))
    assert (after.flowing, after.waiting, after.schedules) == (False, False, ())


async def test_schedules_hold_at_their_place(b: Bench) -> None:
    b.car.charge_schedules.append(kept(latitude=52.5227))  # 300 m to the north
    b.car.plug_in(NOON)
    assert charges(b.car, NOON + 60)


async def test_a_car_that_is_wrong_about_its_place_misses_them(b: Bench) -> None:
    way = drive_home().arriving_at(NOON)
    car = b.account.add_car("5YJ3E1EA1KF000002", battery_level=40)
    car.drive(way)
    car.freeze_gps(NOON - 300, NOON + 100 * HOUR)
    car.charge_schedules.append(kept())
    car.plug_in(NOON + 60)
    assert charges(car, NOON + 120)
    car.want_charge(NOON + 200, wanted=False)
    assert not charges(car, at(23))


@pytest.mark.parametrize(
    ("day", "start", "end", "starts", "hours"),
    [
        # Spring: the clock goes from two to three.
        ((2027, 3, 28), 90, 210, datetime(2027, 3, 28, 0, 30, tzinfo=UTC), 1.0),
        ((2027, 3, 28), 150, 240, datetime(2027, 3, 28, 1, 30, tzinfo=UTC), 0.5),
        ((2027, 3, 28), 150, 180, None, 0.0),
        # Autumn: the hour from two to three comes twice, and the first one counts.
        ((2026, 10, 25), 60, 240, datetime(2026, 10, 24, 23, 0, tzinfo=UTC), 4.0),
        ((2026, 10, 25), 150, 240, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 2.5),
        ((2026, 10, 25), 60, 150, datetime(2026, 10, 24, 23, 0, tzinfo=UTC), 1.5),
    ],
)
async def test_nights_on_which_the_clock_changes(
    day: tuple[int, int, int], start: int, end: int, starts: datetime | None, hours: float
) -> None:
    async with bench(battery_level=10) as b:
        midnight = datetime(*day, tzinfo=BERLIN).timestamp()
        b.clock.now = midnight - HOUR
        car = b.account.add_car("5YJ3E1EA1KF000002", battery_level=10)
        car.charge_schedules.append(kept(start_time=start, end_time=end))
        car.plug_in(midnight - HOUR / 2)
        charged = [
            moment for moment in range(int(midnight), int(midnight) + 10 * 3600, 300) if charges(car, moment)
        ]
        assert len(charged) == hours * 12
        if starts is not None:
            assert charged[0] == starts.timestamp()


async def test_the_cars_wall_clock_is_in_its_own_zone(b: Bench) -> None:
    b.car.charge_schedules.append(kept())
    b.car.plug_in(NOON)
    assert not charges(b.car, at(21, 30))
    later = b.car.battery(at(22, 30)).level
    b.car.time_zone = "Europe/Helsinki"
    assert b.car.battery(at(22, 30)).level > later
    assert b.car.time_zone == "Europe/Helsinki"
    assert charges(b.car, at(21, 30))


async def test_a_person_outranks_the_schedule_until_its_next_edge(b: Bench) -> None:
    b.car.charge_schedules.append(kept(start_time=14 * 60, end_time=15 * 60))
    b.car.plug_in(NOON)
    b.car.want_charge(NOON + 60, wanted=True)
    assert charges(b.car, NOON + 120)
    assert charges(b.car, at(14, 59))
    assert not charges(b.car, at(15))
    b.car.want_charge(at(14, 10, day=13), wanted=False)
    assert not charges(b.car, at(14, 30, day=13))


async def test_what_is_entered_late_still_happens_at_its_time(b: Bench) -> None:
    b.car.plug_in(NOON)
    b.car.set_amps(NOON + 300, 8)
    assert charges(b.car, NOON + 600)
    b.car.want_charge(NOON + 60, wanted=False)
    assert not charges(b.car, NOON + 600)
    assert b.car.battery(NOON + 600).level == b.car.battery(NOON + 60).level


async def test_what_a_change_of_the_list_does_at_once(b: Bench) -> None:
    b.car.plug_in(NOON)
    b.clock.tick(60)
    # One that is not due lets it go on, unless the rules say otherwise.
    b.car.charge_schedules.append(kept(id=1))
    assert charges(b.car, b.clock.now)
    b.car.schedule_rules.new_schedule_stops = True
    b.car.charge_schedules.append(kept(id=2, start_time=20 * 60))
    assert not charges(b.car, b.clock.now)
    assert b.car.battery().waiting
    # One that is due starts it.
    b.clock.tick(60)
    b.car.charge_schedules.append(kept(id=3, start_time=0, end_time=23 * 60))
    assert charges(b.car, b.clock.now)
    b.clock.tick(60)
    b.car.charge_schedules = []
    assert charges(b.car, b.clock.now)

    waits = b.account.add_car("5YJ3E1EA1KF000002", battery_level=40)
    waits.charge_schedules.append(kept())
    waits.plug_in(b.clock.now)
    b.clock.tick(60)
    waits.schedule_rules.last_removal_starts = False
    del waits.charge_schedules[0]
    assert not charges(waits, b.clock.now)
    b.clock.tick(60)
    waits.schedule_rules.last_removal_starts = True
    waits.charge_schedules = [kept()]
    waits.charge_schedules.clear()
    assert charges(waits, b.clock.now)


async def test_a_supercharger_knows_no_schedules(b: Bench) -> None:
    b.car.charge_schedules.append(kept())
    b.car.plug_in(NOON, SUPERCHARGER)
    assert charges(b.car, NOON + 60)
    minutes = b.car.battery(NOON).need_s / 60
    taken = b.car.energy(NOON, NOON + HOUR)
    assert taken.battery_kwh == pytest.approx(45)
    assert taken.wall_kwh == pytest.approx(45)
    assert minutes == pytest.approx(22.5)


async def test_driving_away_ends_it_and_the_way_costs_no_energy_of_the_wall(b: Bench) -> None:
    b.car.charge_schedules.append(kept())
    b.car.plug_in(NOON)
    leaves: Drive = drive_home().reversed().starting_at(at(23))
    b.car.drive(leaves)
    assert b.car.battery(at(23, 30)).charging_state == "Disconnected"
    assert not charges(b.car, at(1, day=13))
    assert b.car.energy(at(23), at(3, day=13)) == (0, 0)


async def test_the_cost_of_a_night(b: Bench) -> None:
    b.car.charge_schedules.append(kept(start_time=22 * 60, end_time=24 * 60 - 1))
    b.car.plug_in(NOON)
    slots = [(at(21) + hour * HOUR, at(22) + hour * HOUR, 0.1 * (hour + 1)) for hour in range(3)]
    bill = spent(b.car, slots)
    first, second = b.car.energy(at(22), at(23)), b.car.energy(at(23), at(23, 59))
    assert bill.wall_kwh == pytest.approx(first.wall_kwh + second.wall_kwh)
    assert bill.cost == pytest.approx(0.2 * first.wall_kwh + 0.3 * second.wall_kwh)
    assert bill.battery_kwh == pytest.approx(bill.wall_kwh * AC_EFFICIENCY)
    assert b.car.battery(at(22, 30)).wall_kw == pytest.approx(11.04)


async def test_whoever_asks_and_whenever_it_is_the_same_car(b: Bench) -> None:
    chance = random.Random(7)
    b.car.charge_schedules.extend(
        [
            kept(id=1, start_time=60, end_time=180),
            kept(id=2, start_time=14 * 60, end_time=15 * 60, one_time=True),
            kept(id=3, start_time=20 * 60, end_enabled=False, days_of_week=62),
        ]
    )
    b.car.plug_in(NOON)
    b.car.set_limit(NOON + 30 * HOUR, 90)
    moments = [NOON + hour * HOUR / 2 for hour in range(200)]
    straight = [b.car.battery(moment).level for moment in moments]
    for _ in range(300):
        index = chance.randrange(len(moments))
        assert b.car.battery(moments[index]).level == straight[index]
