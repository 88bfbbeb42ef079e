"""The car by itself: sleep, signal, position, battery. No network."""

import math

import pytest
from sim_bench import NOON, VIN, ManualClock

from fleet_simulator import HOME, SOCKET, SUPERCHARGER, Car, FleetSimulator, drive_home
from fleet_simulator.charging import hours_to, level_after

HOUR = 3600.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def car(clock: ManualClock) -> Car:
    return FleetSimulator(clock).add_account().add_car(VIN)


@pytest.fixture
def sleeper(clock: ManualClock) -> Car:
    return FleetSimulator(clock).add_account().add_car(VIN, asleep=True)


def test_it_falls_asleep_after_fifteen_idle_minutes(car: Car) -> None:
    assert car.state(NOON) == car.state(NOON + 899) == "online"
    assert car.state(NOON + 900) == "asleep"
    car.idle_seconds = 60
    assert car.idle_seconds == 60
    assert car.state(NOON + 60) == "asleep"


def test_some_firmware_calls_sleep_offline(sleeper: Car) -> None:
    sleeper.sleep_word = "offline"
    assert sleeper.state() == "offline"


def test_a_read_restarts_the_countdown_unless_the_car_is_a_newer_one(car: Car) -> None:
    car.note_read(NOON + 600)
    assert car.state(NOON + 1499) == "online"
    assert car.state(NOON + 1500) == "asleep"
    car.reads_keep_awake = False
    car.note_read(NOON + 1400)
    assert car.state(NOON + 1500) == "asleep"
    assert car.reads == [NOON + 600, NOON + 1400]


def test_staying_awake_and_touching_it(sleeper: Car) -> None:
    sleeper.stay_awake(NOON + 100, NOON + 10_000)
    assert sleeper.state(NOON + 99) == "asleep"
    assert sleeper.state(NOON + 10_899) == "online"
    assert sleeper.state(NOON + 10_900) == "asleep"
    sleeper.note_activity(NOON + 20_000)
    assert sleeper.state(NOON + 20_000) == "online"
    with pytest.raises(ValueError, match="end after"):
        sleeper.stay_awake(10, 10)


def test_a_wake_takes_its_time(sleeper: Car) -> None:
    sleeper.wake_settle = 5
    assert sleeper.wake_settle == 5
    sleeper.wake(NOON)
    assert sleeper.state(NOON + 14) == "asleep"
    assert sleeper.state(NOON + 15) == "online"
    assert not sleeper.reachable(NOON + 19)
    assert sleeper.reachable(NOON + 20)
    assert sleeper.state(NOON + 15 + 900) == "asleep"
    assert sleeper.wakes == [NOON]


def test_a_second_wake_does_not_delay_the_first(sleeper: Car) -> None:
    sleeper.wake(NOON)
    sleeper.wake(NOON + 10)
    assert sleeper.state(NOON + 15) == "online"
    assert sleeper.state(NOON + 915) == "asleep"
    assert sleeper.wakes == [NOON, NOON + 10]


def test_a_wake_keeps_an_awake_car_awake(car: Car) -> None:
    car.wake(NOON + 600)
    assert car.state(NOON + 1499) == "online"
    assert car.reachable(NOON + 601)


def test_some_cars_cannot_be_woken(sleeper: Car) -> None:
    sleeper.wake_delay = math.inf
    sleeper.wake(NOON)
    assert sleeper.state(NOON + HOUR) == "asleep"
    sleeper.wake_delay = 1
    sleeper.offline(NOON + 1000, NOON + 2000)
    sleeper.wake(NOON + 1500)
    assert sleeper.state(NOON + 1502) == "offline"
    assert sleeper.state(NOON + 2000) == "asleep"


def test_a_garage_hides_it(car: Car) -> None:
    car.offline(NOON + 10, NOON + 20)
    assert [car.state(NOON + t) for t in (9, 10, 19, 20)] == ["online", "offline", "offline", "online"]
    assert not car.reachable(NOON + 15)


def test_the_drive_home(car: Car) -> None:
    drive = drive_home().starting_at(NOON + HOUR)
    car.drive(drive)
    begin, end = drive.begin, drive.end
    assert car.position(NOON) == (52.52, 13.405)
    assert car.state(begin - 1) == "asleep"
    assert car.state(begin) == "online"
    assert (car.shift_state(begin - 1), car.shift_state(begin), car.shift_state(end)) == (None, "D", None)
    assert car.speed_mph(begin - 1) is car.speed_mph(end) is None
    assert car.speed_mph(begin + 30) == pytest.approx(50 / 1.609344, abs=0.2)
    assert car.position(begin + 100) == drive.position(100)
    assert car.position(end + HOUR) == HOME
    assert car.state(end + 899) == "online"
    assert car.state(end + 900) == "asleep"
    assert car.odometer_miles(end) - car.odometer_miles(begin) == pytest.approx(drive.length_m / 1609.344)
    used = car.battery(begin).level - car.battery(end).level
    assert used == pytest.approx(drive.length_m / 1000 * 0.16 / 75 * 100)
    assert car.battery(end + HOUR).level == car.battery(end).level
    car.parked_shift_state = "P"
    assert car.shift_state(end) == "P"


def test_drives_do_not_overlap(car: Car) -> None:
    car.drive(drive_home().starting_at(NOON))
    with pytest.raises(ValueError, match="one drive"):
        car.drive(drive_home(60).starting_at(NOON + 100))
    with pytest.raises(ValueError, match="no start"):
        car.drive(drive_home())
    car.drive(drive_home().reversed().arriving_at(NOON))
    assert car.position(NOON - 1) == pytest.approx(drive_home().position(0), abs=1e-3)


def test_the_receiver_may_lag_or_freeze(car: Car) -> None:
    drive = drive_home().starting_at(NOON)
    car.drive(drive)
    car.gps_lag = 7
    fix = car.gps_fix(NOON + 100)
    assert (fix.point, fix.as_of) == (drive.position(93), NOON + 93)
    assert fix.heading == drive.heading(93)
    car.gps_lag = 0
    car.freeze_gps(NOON + 50, NOON + 150)
    assert car.gps_fix(NOON + 149) == car.gps_fix(NOON + 50)
    assert car.gps_fix(NOON + 150).as_of == NOON + 150
    assert car.gps_fix(NOON - 1).heading == 0


def test_the_curve_in_closed_form() -> None:
    assert hours_to(50, 80, 10) == pytest.approx(3)
    assert hours_to(80, 100, 10) > 2
    assert hours_to(90, 80, 10) == 0
    assert hours_to(50, 60, 0) == math.inf
    assert level_after(50, 1, 10) == pytest.approx(60)
    assert level_after(50, 1, 0) == 50
    for start, end in ((50, 70), (70, 90), (85, 99)):
        assert level_after(start, hours_to(start, end, 12.5), 12.5) == pytest.approx(end)


def test_it_charges_to_its_limit_and_stays_awake_for_it(sleeper: Car) -> None:
    sleeper.plug_in(NOON + 10)
    assert sleeper.state(NOON + 9) == "asleep"
    assert sleeper.battery(NOON + 9).charging_state == "Disconnected"
    assert sleeper.battery(NOON + 10).charging_state == "Starting"
    assert sleeper.battery(NOON + 21).charging_state == "Charging"
    rate = 230 * 16 * 3 / 1000 * 0.92 / 75 * 100
    done = NOON + 10 + 18 / rate * HOUR
    half = sleeper.battery((NOON + 10 + done) / 2)
    assert half.level == pytest.approx(71)
    assert half.hours_to_limit == pytest.approx(9 / rate)
    assert half.added_kwh == pytest.approx(9 * 0.75)
    assert half.charge_kw == pytest.approx(10.1568)
    assert sleeper.state(done - 1) == sleeper.state(done + 899) == "online"
    assert sleeper.state(done + 901) == "asleep"
    full = sleeper.battery(done + HOUR)
    assert (full.charging_state, full.level, full.charge_kw, full.hours_to_limit) == ("Complete", 80, 0, 0)
    assert full.flow_until == pytest.approx(done)
    sleeper.unplug(done + 2 * HOUR)
    assert sleeper.battery(done + 2 * HOUR).charging_state == "Disconnected"
    assert sleeper.state(done + 2 * HOUR) == "online"


def test_it_tapers_above_eighty_per_cent(car: Car) -> None:
    car.set_limit(NOON, 100)
    car.plug_in(NOON)
    rate = car.battery(NOON).full_rate
    taper = NOON + 18 / rate * HOUR
    slow = car.battery(taper + HOUR)
    assert slow.level == pytest.approx(level_after(80, 1, rate))
    assert slow.level < 80 + rate
    assert slow.charge_kw < car.battery(taper - 1).charge_kw
    assert car.battery(taper + 5 * HOUR).charging_state == "Complete"


def test_stopping_starting_amps_and_a_higher_limit(car: Car) -> None:
    car.plug_in(NOON)
    car.want_charge(NOON + HOUR, wanted=False)
    stopped = car.battery(NOON + HOUR)
    assert stopped.charging_state == "Stopped"
    assert car.battery(NOON + 5 * HOUR).level == stopped.level
    assert car.state(NOON + HOUR + 901) == "asleep"
    car.want_charge(NOON + 5 * HOUR, wanted=True)
    assert car.battery(NOON + 5 * HOUR).charging_state == "Starting"
    assert car.battery(NOON + 5 * HOUR + 11).charging_state == "Charging"
    car.set_amps(NOON + 5 * HOUR + 20, 8)
    assert car.battery(NOON + 5 * HOUR + 20).charge_kw == pytest.approx(5.0784)
    assert car.battery(NOON + 5 * HOUR + 21).charging_state == "Charging"
    car.set_amps(NOON + 5 * HOUR + 30, 0)
    assert car.battery(NOON + 6 * HOUR).flowing is False
    car.set_amps(NOON + 6 * HOUR, 32)
    assert car.battery(NOON + 12 * HOUR).charging_state == "Complete"
    car.set_limit(NOON + 12 * HOUR, 90)
    assert car.battery(NOON + 12 * HOUR + 60).charging_state == "Charging"
    assert car.battery(NOON + 24 * HOUR).level == 90


def test_chargers_differ_and_a_new_session_counts_from_zero(car: Car) -> None:
    car.plug_in(NOON, SOCKET)
    assert car.battery(NOON).charge_kw == pytest.approx(2.116)
    car.unplug(NOON + HOUR)
    car.plug_in(NOON + HOUR, SUPERCHARGER)
    assert car.battery(NOON + HOUR).charge_kw == 120
    assert car.battery(NOON + HOUR).added_kwh == 0


def test_driving_away_takes_the_cable_out(car: Car) -> None:
    car.plug_in(NOON)
    drive = drive_home().reversed().starting_at(NOON + 600)
    car.drive(drive)
    assert car.battery(drive.begin - 1).charging_state == "Charging"
    assert car.battery(drive.begin).charging_state == "Disconnected"
    with pytest.raises(ValueError, match="no cable"):
        car.plug_in(drive.begin + 1)
    car.plug_in(drive.end)
    assert car.battery(drive.end + 60).charging_state == "Charging"


def test_the_order_of_questions_does_not_matter(car: Car) -> None:
    car.plug_in(NOON + HOUR)
    late = car.battery(NOON + 2 * HOUR)
    early = car.battery(NOON + HOUR / 2)
    car.want_charge(NOON + 1.5 * HOUR, wanted=False)
    assert car.battery(NOON + 2 * HOUR).level < late.level
    assert car.battery(NOON + HOUR / 2) == early
    assert car.battery(NOON - HOUR).level == 62


def test_an_account_has_a_car_once() -> None:
    account = FleetSimulator(ManualClock()).add_account()
    account.add_car(VIN)
    with pytest.raises(ValueError, match="already"):
        account.add_car(VIN)
