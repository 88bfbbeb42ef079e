"""The lives that the bench lets cars lead: the same for everybody, and as they are described."""

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

import pytest

from benchmarks.life import HOUR, MINUTE, ZONE, Life, midnight
from benchmarks.profiles import PROFILES, SATURDAY, live, weekday
from benchmarks.roads import RADIUS, Roads, own_roads, recorded_roads
from fleet_simulator import Car, Drive, distance_m, drive_home

ROADS = own_roads()


def local(at: float) -> datetime:
    """Return a time of the car's clock."""
    return datetime.fromtimestamp(at, ZONE)


def car_with(life: Life) -> Car:
    """Return a sleeping car at home that has this life before it."""
    car = Car(
        "VIN",
        "Car",
        number=1,
        clock=lambda: midnight(0),
        position=life.home,
        battery_level=62.0,
        asleep=True,
    )
    life.happen_to(car)
    return car


@pytest.mark.parametrize("profile", PROFILES)
def test_life_is_the_same_for_a_seed_and_can_be_lived(profile: str) -> None:
    life = live(profile, ROADS, 14, 1)
    starts = [drive.begin for drive in life.drives]
    assert starts == [drive.begin for drive in live(profile, ROADS, 14, 1).drives]
    assert starts != [drive.begin for drive in live(profile, ROADS, 14, 2).drives]
    assert all(earlier.end < later.begin for earlier, later in pairwise(life.drives))
    assert midnight(0) < life.drives[0].begin
    assert life.drives[-1].end < midnight(14), "the last day ends at home"
    car = car_with(life)
    assert distance_m(car.position(midnight(14)), life.home) < 1


@pytest.mark.parametrize("profile", PROFILES)
def test_arrivals_and_departures_are_where_the_car_crosses_the_edge(profile: str) -> None:
    life = live(profile, ROADS, 14, 1)
    car = car_with(life)
    assert len(life.arrivals) == len(life.departures) == len(life.drives) / 2
    for at, way in [*((at, 1) for at in life.arrivals), *((at, -1) for at in life.departures)]:
        before, after = (distance_m(car.position(at + way * step), life.home) for step in (-1, 1))
        assert before > RADIUS > after


def test_commuter_leaves_within_twenty_minutes_and_one_day_in_ten_is_odd() -> None:
    life = live("sleeper", ROADS, 350, 1)
    by_day: dict[int, list[Drive]] = {}
    for drive in life.drives:
        by_day.setdefault((local(drive.begin).date() - local(midnight(0)).date()).days, []).append(drive)
    odd = 0
    for day, drives in by_day.items():
        if weekday(day) == SATURDAY:
            assert len(drives) == 2
            continue
        minutes = [(drive.begin - midnight(day)) / MINUTE for drive in drives]
        assert 440 <= minutes[0] <= 480
        odd += len(drives) > 2 or not 1000 <= minutes[-1] <= 1040
    assert weekday(6) not in {weekday(day) for day in by_day}
    assert 15 <= odd <= 36, "of 250"
    paces = [drive.duration / drive_home().duration for drive in life.drives if drive.length_m > 9_000]
    assert 0.9 <= min(paces) < 0.91
    assert 1.14 < max(paces) <= 1.15


def of_day(life: Life, day: int) -> tuple[Drive, Drive]:
    """Return the first drive of a day and the last."""
    drives = [drive for drive in life.drives if midnight(day) <= drive.begin < midnight(day + 1)]
    return drives[0], drives[-1]


def test_car_sleeps_at_work_or_is_kept_awake_there() -> None:
    for profile, expected in (("sleeper", "asleep"), ("awake at work", "online")):
        life = live(profile, ROADS, 1, 1)
        car = car_with(life)
        out, back = of_day(life, 0)
        assert car.state(out.end + 14 * MINUTE) == "online"
        assert car.state(out.end + 16 * MINUTE) == expected
        assert car.state(back.begin - MINUTE) == expected
        assert car.state(midnight(1) - 1) == "asleep"


def test_cable_is_plugged_in_three_minutes_after_the_arrival_and_the_car_charges() -> None:
    life = live("awake at work", ROADS, 1, 1)
    car = car_with(life)
    _, back = of_day(life, 0)
    assert car.battery(back.end + 170).charging_state == "Disconnected"
    assert car.battery(back.end + 200).charging_state == "Charging"
    assert car.battery(midnight(1)).charging_state == "Complete"


def test_garage_hides_the_car_until_it_drives_out() -> None:
    life = live("garage", ROADS, 2, 1)
    car = car_with(life)
    assert car.state(midnight(0) + HOUR) == "offline"
    out, back = of_day(life, 0)
    assert car.state(out.begin + 60) == car.state(back.end - 10) == "online"
    assert car.state(back.end + 60) == car.state(midnight(1)) == "offline"
    assert car.state(of_day(life, 1)[0].begin + 60) == "online"


def test_odd_wakes_happen_where_the_car_stands() -> None:
    life = live("second car", ROADS, 56, 1)
    wakes = [*life.touches, *(begin for begin, _ in life.kept_awake)]
    assert 10 <= len(wakes) <= 35
    car = car_with(life)
    assert all(car.state(at - 1) == "asleep" and car.state(at + 60) == "online" for at in wakes)
    assert len(life.drives) == 28


def test_far_road_is_as_long_as_it_says_and_ends_at_home() -> None:
    far = ROADS.far(250).home
    assert far.length_m == pytest.approx(250_000, rel=0.01)
    assert 2 * HOUR < far.duration < 3.5 * HOUR
    assert far.fixes[-1].point == ROADS.home
    assert max(far.speed_mps(second) for second in range(0, int(far.duration), 7)) < 40
    assert distance_m(far.fixes[0].point, ROADS.home) > 200_000


@pytest.fixture
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Drive], Roads]:
    """Write a drive down as a recording and read its roads."""

    def _written(drive: Drive) -> Roads:
        path = tmp_path_factory.mktemp("traces") / "my_way.csv"
        rows = "\n".join(f"{fix.seconds},{fix.latitude},{fix.longitude}" for fix in drive.fixes)
        path.write_text(f"seconds,latitude,longitude\n{rows}\n", encoding="utf-8")
        return recorded_roads(path)

    return _written


def test_recorded_drive_is_a_world_of_its_own(written: Callable[[Drive], Roads]) -> None:
    """Home is the recording's first point; a life can be led there."""
    elsewhere = Drive([(fix.seconds, fix.latitude - 4, fix.longitude - 2) for fix in drive_home().fixes])
    roads = written(elsewhere.reversed())
    assert roads.name == "my_way"
    assert roads.home == pytest.approx(elsewhere.fixes[-1].point)
    life = live("motorway", roads, 7, 1)
    assert len(life.arrivals) == 6
    with pytest.raises(ValueError, match="does not come home"):
        written(elsewhere.tail(5))
