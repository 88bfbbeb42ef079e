"""C4: what Tesla would refuse, or take without doing anything, is refused here; and what is sent is what was meant."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from custom_components.tesla_scout_worker.fleet import commands
from custom_components.tesla_scout_worker.fleet.command_answers import check_answer
from custom_components.tesla_scout_worker.fleet.command_errors import CommandRefusedError, OutcomeUnknownError
from custom_components.tesla_scout_worker.fleet.commands import Command, InvalidCommandError
from custom_components.tesla_scout_worker.fleet.models import FleetStatus, parse_fleet_status
from custom_components.tesla_scout_worker.problems import for_input
from custom_components.tesla_scout_worker.worker.schedules import ChargeSchedule, PreconditionSchedule

NIGHT = ChargeSchedule(
    id=1_800_000_000,
    name="Night",
    days=127,
    start=0,
    end=360,
    enabled=True,
    one_time=False,
    latitude=52.52,
    longitude=13.405,
)
WARM = PreconditionSchedule(
    id=1_800_000_001,
    name=None,
    days=62,
    at=0,
    enabled=True,
    one_time=True,
    latitude=52.52,
    longitude=13.405,
)


def night(**changes: Any) -> Callable[[], Command]:
    """Return what makes the command of a schedule with something wrong."""
    return lambda: commands.add_charge_schedule(replace(NIGHT, **changes))


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: commands.set_charge_limit(49), "charge_limit_out_of_range"),
        (lambda: commands.set_charge_limit(101), "charge_limit_out_of_range"),
        (lambda: commands.set_charge_limit(80.5), "charge_limit_out_of_range"),  # type: ignore[arg-type]  # as from a template
        (lambda: commands.set_charge_limit(True), "charge_limit_out_of_range"),
        (lambda: commands.set_charging_amps(-1), "charging_amps_out_of_range"),
        (lambda: commands.set_charging_amps(81), "charging_amps_out_of_range"),
        (lambda: commands.set_scheduled_charging(enable=True, minutes=1440), "schedule_time_wrong"),
        (lambda: commands.remove_charge_schedule(0), "schedule_id_wrong"),
        (night(id=None), "schedule_id_wrong"),
        (night(id=2**63), "schedule_id_wrong"),
        (night(days=0), "schedule_days_wrong"),
        (night(days=128), "schedule_days_wrong"),
        (night(start=None, end=None), "schedule_without_times"),
        (night(start=-1), "schedule_time_wrong"),
        (night(end=1440), "schedule_time_wrong"),
        (night(latitude=float("nan")), "schedule_place_wrong"),
        (night(longitude=181.0), "schedule_place_wrong"),
        (lambda: commands.add_precondition_schedule(replace(WARM, at=1440)), "schedule_time_wrong"),
    ],
)
def test_a_wrong_value_is_refused_in_words(make: Callable[[], Command], code: str) -> None:
    """With the value in them, but never with where the owner lives."""
    with pytest.raises(InvalidCommandError) as refused:
        make()
    assert refused.value.code == code
    shown = for_input(refused.value)
    assert shown.translation_key == code
    assert not {"52.52", "13.405", "181.0"} & set((shown.translation_placeholders or {}).values())


def test_a_schedule_is_written_with_the_names_that_tesla_reads() -> None:
    """Midnight is a time; a time that is not meant is not there, and is said not to be."""
    whole = commands.add_charge_schedule(NIGHT).params
    assert whole["start_time"] == 0
    assert (whole["start_enabled"], whole["end_enabled"], whole["end_time"]) == (True, True, 360)
    assert (whole["lat"], whole["lon"], whole["id"], whole["name"]) == (52.52, 13.405, NIGHT.id, "Night")
    open_end = commands.add_charge_schedule(replace(NIGHT, end=None, name=None)).params
    assert open_end["end_enabled"] is False
    assert not {"end_time", "name"} & set(open_end)
    warm = commands.add_precondition_schedule(WARM).params
    assert (warm["precondition_time"], warm["one_time"]) == (0, True)
    assert "52.52" not in repr(commands.add_charge_schedule(NIGHT))


def test_days_go_there_and_back() -> None:
    """Every mask, in the spelling that Tesla's proxy knows."""
    for days in range(1, 128):
        assert commands.day_mask(commands.day_names(days)) == days
    assert commands.day_names(0b0010100) == "Tuesday,Thursday"


@pytest.mark.parametrize("answer", [None, "", [], {}, {"result": None}, {"result": "true"}, {"result": 1}])
def test_no_answer_is_no_success(answer: Any) -> None:
    """Only true is true."""
    with pytest.raises(OutcomeUnknownError):
        check_answer("charge_start", answer)


def test_a_reason_belongs_to_its_command() -> None:
    """That a car charges is fine for who wanted that, and not for who wanted it to stop."""
    check_answer("charge_start", {"result": False, "reason": "is_charging"})
    check_answer(
        "set_charge_limit", {"result": False, "reason": "car could not execute command: already_set"}
    )
    with pytest.raises(CommandRefusedError):
        check_answer("charge_stop", {"result": False, "reason": "is_charging"})
    with pytest.raises(CommandRefusedError) as refused:
        check_answer("charge_start", {"result": False, "reason": "no 5YJ3E1EA1KF000001\n<b>"})
    assert refused.value.reason == "no … <b>"
    with pytest.raises(CommandRefusedError):
        check_answer("charge_start", {"result": False, "reason": None})


def test_what_the_cloud_tells_of_a_car_is_read_with_care() -> None:
    """Of another car, of another type, or nothing: not known."""
    vin = "5YJ3E1EA1KF000001"
    info = {"vehicle_command_protocol_required": True, "firmware_version": "2026.32.6"}
    told = {"key_paired_vins": [vin], "unpaired_vins": [], "vehicle_info": {vin: info}}
    assert parse_fleet_status(told, vin) == FleetStatus(True, True, "2026.32.6")
    assert parse_fleet_status(told, "5YJ3E1EA1KF000002") == FleetStatus()
    odd = {"key_paired_vins": None, "unpaired_vins": [vin], "vehicle_info": {vin: {"firmware_version": 3}}}
    assert parse_fleet_status(odd, vin) == FleetStatus(None, False, None)
    assert parse_fleet_status({"vehicle_info": []}, vin) == FleetStatus()
