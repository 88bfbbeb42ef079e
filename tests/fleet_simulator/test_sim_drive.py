"""Drives: fixes, tails, crossings, recordings, and the made road."""

from itertools import pairwise
from pathlib import Path

import pytest

from fleet_simulator import HOME, Drive, distance_m, drive_home
from fleet_simulator.geo import bearing_deg

EQUATOR_M = 111_194.93  # a degree of longitude on the equator, on this sphere
STEP = 10 / EQUATOR_M  # ten metres east


def straight(seconds: int = 100) -> Drive:
    """Ten metres a second to the east along the equator."""
    return Drive([(float(t), 0.0, t * STEP) for t in range(seconds + 1)])


def test_distance_and_bearing() -> None:
    assert distance_m((52.52, 13.405), (48.137, 11.575)) == pytest.approx(504_300, rel=0.002)
    assert distance_m((0, 0), (0, 1)) == pytest.approx(EQUATOR_M)
    assert bearing_deg((0, 0), (1, 0)) == pytest.approx(0)
    assert bearing_deg((0, 0), (0, -1)) == pytest.approx(270)


def test_what_a_drive_knows() -> None:
    drive = straight()
    assert drive.duration == 100
    assert drive.length_m == pytest.approx(1000)
    assert drive.position(50.5) == pytest.approx((0, 50.5 * STEP))
    assert drive.position(-5) == (0, 0)
    assert drive.position(500) == pytest.approx((0, 100 * STEP))
    assert drive.speed_mps(42) == pytest.approx(10)
    assert drive.speed_mps(-1) == drive.speed_mps(100) == 0
    assert drive.heading(42) == pytest.approx(90)
    assert drive.distance_m(25) == pytest.approx(250)
    assert drive.distance_m(999) == pytest.approx(1000)


def test_times_are_shifted_to_the_start_and_must_rise() -> None:
    assert Drive([(100, 0, 0), (110, 0, STEP)]).fixes[1].seconds == 10
    with pytest.raises(ValueError, match="two fixes"):
        Drive([(0, 0, 0)])
    with pytest.raises(ValueError, match="rising"):
        Drive([(0, 0, 0), (5, 0, 0), (5, 0, 1)])


def test_a_start_is_absolute() -> None:
    drive = straight()
    with pytest.raises(ValueError, match="no start"):
        _ = drive.begin
    assert (drive.starting_at(1000).begin, drive.starting_at(1000).end) == (1000, 1100)
    assert (drive.arriving_at(1000).begin, drive.arriving_at(1000).end) == (900, 1000)


def test_the_tail_keeps_the_arrival() -> None:
    drive = straight().starting_at(1000)
    tail = drive.tail(30.5)
    assert tail.duration == 30.5
    assert tail.end == drive.end
    assert tail.position(0) == pytest.approx(drive.position(69.5))
    assert tail.position(10) == pytest.approx(drive.position(79.5))
    assert drive.tail(100) is drive
    assert straight().tail(10).start is None
    with pytest.raises(ValueError, match="must last"):
        drive.tail(0)


def test_the_way_back() -> None:
    back = straight().starting_at(7).reversed()
    assert back.begin == 7
    assert back.position(0) == pytest.approx((0, 100 * STEP))
    assert back.position(100) == pytest.approx((0, 0))
    assert back.heading(50) == pytest.approx(270)


def test_crossings_are_between_fixes() -> None:
    through = straight(200)
    center = through.position(100)
    enter, leave = through.crossings(center, 55)
    assert (enter.direction, leave.direction) == ("enter", "leave")
    assert enter.seconds == pytest.approx(94.5)
    assert leave.seconds == pytest.approx(105.5)
    assert straight().crossings((10, 10), 100) == []
    assert [direction for _, direction in straight().crossings((0, 0), 100)] == ["leave"]


def wild() -> Drive:
    fixes = [list(fix) for fix in straight().fixes]
    fixes[40][1] += 0.01  # a kilometre to the north for one second
    return Drive([(seconds, latitude, longitude) for seconds, latitude, longitude in fixes])


def test_a_lone_wild_fix_is_seen_but_not_driven() -> None:
    drive = wild()
    assert drive.wild_fixes == {40}
    assert drive.position(40)[0] == 0.01
    assert drive.length_m == pytest.approx(1000)
    assert max(drive.speed_mps(t / 2) for t in range(200)) == pytest.approx(10)
    around = (0, 50 * STEP)
    assert [direction for _, direction in drive.crossings(around, 600)] == ["leave", "enter"]
    assert drive.crossings(around, 600, wild=False) == []


def test_a_hole_in_the_recording_is_no_racing() -> None:
    drive = Drive([(t, 0.0, t * STEP + (0 if t < 50 else 50 * STEP)) for t in range(101)])
    assert drive.wild_fixes == set()
    assert drive.speed_mps(49.5) == pytest.approx(10)
    assert drive.length_m == pytest.approx(1500)


def test_a_standing_car_keeps_its_course() -> None:
    drive = Drive([(0, 0, 0), (10, 0, 10 * STEP), (30, 0, 10 * STEP), (40, 1 / EQUATOR_M * 100, 10 * STEP)])
    assert drive.speed_mps(20) == 0
    assert drive.heading(20) == pytest.approx(90)
    assert drive.heading(35) == pytest.approx(0)


def test_a_recording_with_gaps_and_doubles(tmp_path: Path) -> None:
    file = tmp_path / "drive.csv"
    file.write_text(
        "seconds,latitude,longitude\n5,0,0\n6,0,0.0001\n6,0,0.0002\n95,0,0.0003\n", encoding="utf-8"
    )
    drive = Drive.from_csv(file)
    assert [fix.seconds for fix in drive.fixes] == [0, 1, 90]
    assert drive.fixes[1].longitude == 0.0002
    assert drive.position(45.5) == pytest.approx((0, 0.00025))


@pytest.mark.parametrize(
    "text",
    ["time,lat,lon\n1,2,3\n", "seconds,latitude,longitude\n1,2\n", "seconds,latitude,longitude\n1,2,east\n"],
)
def test_a_recording_that_is_none_names_the_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "drive.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="line 2"):
        Drive.from_csv(file)


def test_the_made_road_is_a_drive_through_a_town() -> None:
    drive = drive_home()
    assert drive.position(drive.duration) == HOME
    assert 9_000 < drive.length_m < 10_500
    assert 13 * 60 < drive.duration < 17 * 60
    speeds = [drive.speed_mps(t) for t in range(int(drive.duration))]
    assert max(speeds) < 50 / 3.6 + 0.1
    assert max(abs(later - earlier) for earlier, later in pairwise(speeds)) < 3.5
    assert sum(speed < 0.1 for speed in speeds) > 100
    assert drive.wild_fixes == set()
    assert all(later.seconds - earlier.seconds == 1 for earlier, later in pairwise(drive.fixes))
    (arrival,) = drive.crossings(HOME, 100)
    assert arrival.direction == "enter"
    assert 8 < drive.duration - arrival.seconds < 15


def test_the_short_way_home_is_the_end_of_the_long_one() -> None:
    short = drive_home(110)
    assert short.duration == 110
    assert short.position(110) == HOME
    assert distance_m(short.position(0), HOME) > 800
