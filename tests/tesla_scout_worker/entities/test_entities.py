"""The entities, one by one: what each is, when it is available, and what it must not tell."""

import json
import time

from bench import VIN, WORK, Pass, SetUp, settle
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from lookout import asked, billed, kinds, listen, moment, state, value
import pytest
from read_entities import DIAGNOSTIC, READ_DISABLED, READ_ENTITIES

from fleet_simulator import HOME, Account, Car, Fault, FleetSimulator, drive_home

# entity: (key, translation key, device class, unit, category)
CAR_ENTITIES = READ_ENTITIES | {
    "device_tracker.scout_location": ("location", "location", None, None, None),
    "binary_sensor.scout_at_home": ("at_home", "at_home", "presence", None, None),
    "button.scout_look_now": ("look_now", "look_now", None, None, None),
    "button.scout_full_read_now": ("full_read_now", "full_read_now", None, None, None),
    "event.scout_presence": ("presence", "presence", None, None, None),
    "event.scout_charging_events": ("charging", "charging", None, None, None),
    "event.scout_full_reads": ("full_reads", "full_reads", None, None, DIAGNOSTIC),
    "sensor.scout_charge_plan": ("charge_plan", "charge_plan", "enum", None, None),
    "sensor.scout_planned_charge_start": ("planned_charge_start", "planned_charge_start", "timestamp", None, None),
    "sensor.scout_planned_charge_cost": ("planned_charge_cost", "planned_charge_cost", "monetary", "EUR", None),
    "sensor.scout_last_charge_cost": ("last_charge_cost", "last_charge_cost", "monetary", "EUR", None),
    "calendar.scout_schedules": ("schedules", "schedules", None, None, None),
    "sensor.scout_next_scheduled_charge": (
        "next_scheduled_charge", "next_scheduled_charge", "timestamp", None, None,
    ),
    "sensor.scout_next_preconditioning": (
        "next_preconditioning", "next_preconditioning", "timestamp", None, None,
    ),
    "sensor.scout_charging_schedules": ("charge_schedules", "charge_schedules", None, None, None),
    "sensor.scout_preconditioning_schedules": (
        "precondition_schedules", "precondition_schedules", None, None, None,
    ),
    "sensor.scout_distance_to_home": ("distance_to_home", "distance_to_home", "distance", "km", None),
    "sensor.scout_cloud_state": ("cloud_state", "cloud_state", "enum", None, DIAGNOSTIC),
    "sensor.scout_last_look": ("last_look", "last_look", "timestamp", None, DIAGNOSTIC),
    "sensor.scout_next_look": ("next_look", "next_look", "timestamp", None, DIAGNOSTIC),
    "sensor.scout_reason_for_next_look": ("next_look_reason", "next_look_reason", "enum", None, DIAGNOSTIC),
    "sensor.scout_cost_this_month": ("cost_this_month", "car_cost_this_month", "monetary", "USD", DIAGNOSTIC),
    "sensor.scout_last_full_read": ("last_full_read", "last_full_read", "timestamp", None, DIAGNOSTIC),
    "sensor.scout_cause_of_last_full_read": (
        "last_full_read_cause", "last_full_read_cause", "enum", None, DIAGNOSTIC,
    ),
}  # fmt: skip
ACCOUNT_ENTITIES = {
    "event.tesla_scout_account": ("account", "account", None, None, None),
    "sensor.tesla_scout_billed_requests_this_month": ("requests_this_month", "requests_this_month", None, None, None),
    "sensor.tesla_scout_cost_this_month": ("cost_this_month", "cost_this_month", "monetary", "USD", None),
    "sensor.tesla_scout_billed_requests_today": ("requests_today", "requests_today", None, None, None),
    "sensor.tesla_scout_expected_cost_this_month": ("cost_forecast", "cost_forecast", None, "USD", None),
    "sensor.tesla_scout_cost_of_a_fixed_poll_this_month": ("fixed_poll_cost", "fixed_poll_cost", "monetary", "USD", None),
    "sensor.tesla_scout_saved_this_month": ("saved_this_month", "saved_this_month", "monetary", "USD", None),
    "sensor.tesla_scout_spending": ("spending", "spending", "enum", None, None),
    "sensor.tesla_scout_data_requests_this_month": ("data_requests", "data_requests", None, None, DIAGNOSTIC),
    "sensor.tesla_scout_command_requests_this_month": ("command_requests", "command_requests", None, None, DIAGNOSTIC),
    "sensor.tesla_scout_wake_requests_this_month": ("wake_requests", "wake_requests", None, None, DIAGNOSTIC),
    "sensor.tesla_scout_state_requests_this_month": ("state_requests", "state_requests", None, None, DIAGNOSTIC),
    "sensor.tesla_scout_sign_in": ("sign_in", "sign_in", "enum", None, DIAGNOSTIC),
    "sensor.tesla_scout_access_token_expires": ("token_expires", "token_expires", "timestamp", None, DIAGNOSTIC),
    "sensor.tesla_scout_access_token_renewed": ("token_renewed", "token_renewed", "timestamp", None, DIAGNOSTIC),
    "sensor.tesla_scout_rejected_access_tokens_in_a_day": (
        "token_rejections", "token_rejections", None, None, DIAGNOSTIC,
    ),
}  # fmt: skip
# What only a curious owner needs.
DISABLED = READ_DISABLED | {
    "sensor.scout_cost_this_month",
    "sensor.scout_next_preconditioning",
    "sensor.scout_preconditioning_schedules",
    *(
        f"sensor.tesla_scout_{name}"
        for name in (
            "access_token_expires",
            "access_token_renewed",
            "rejected_access_tokens_in_a_day",
            "command_requests_this_month",
            "wake_requests_this_month",
            "state_requests_this_month",
        )
    ),
}


def registered(hass: HomeAssistant, entry_id: str) -> dict[str, er.RegistryEntry]:
    """Return the entry's entities."""
    entries = er.async_entries_for_config_entry(er.async_get(hass), entry_id)
    return {entry.entity_id: entry for entry in entries}


@pytest.mark.parametrize("asleep", [False, True], ids=["awake", "asleep"])
async def test_what_each_entity_is(
    hass: HomeAssistant, account: Account, set_up: SetUp, asleep: bool
) -> None:
    """The same set with the same identity, whatever the first payload held or whether there was one."""
    account.add_car(VIN, "Scout", WORK, asleep=asleep)
    entry = await set_up(account)
    found = registered(hass, entry.entry_id)
    assert set(found) == set(CAR_ENTITIES) | set(ACCOUNT_ENTITIES)
    for entity_id, (key, translation_key, device_class, unit, category) in (
        CAR_ENTITIES | ACCOUNT_ENTITIES
    ).items():
        registry = found[entity_id]
        owner = VIN if entity_id in CAR_ENTITIES else account.sub
        assert registry.unique_id == f"{owner}-{key}"
        assert registry.translation_key == translation_key
        assert registry.original_device_class == device_class
        assert registry.unit_of_measurement == unit
        assert registry.entity_category == category
        assert registry.has_entity_name
        assert (registry.disabled_by is not None) == (entity_id in DISABLED)


async def test_values_of_a_parked_car(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Each entity says what the simulated car is."""
    await set_up(account)
    await passes(5)
    assert value(hass, "sensor.scout_battery") == "62"
    assert value(hass, "sensor.scout_charging") == "disconnected"
    assert value(hass, "sensor.scout_charging_power") == "0"
    assert value(hass, "binary_sensor.scout_plugged_in") == "off"
    assert value(hass, "binary_sensor.scout_at_home") == "off"
    assert float(value(hass, "sensor.scout_distance_to_home")) == pytest.approx(8.9, abs=0.2)
    assert value(hass, "sensor.scout_cloud_state") == "online"
    assert value(hass, "event.scout_presence") == "unknown"
    tracker = state(hass, "device_tracker.scout_location")
    assert (tracker.attributes["latitude"], tracker.attributes["longitude"]) == WORK
    assert tracker.attributes["source_type"] == "gps"
    assert value(hass, "sensor.scout_cause_of_last_full_read") == "first_look"
    assert moment(value(hass, "sensor.scout_next_look")) > time.time()
    assert state(hass, "sensor.scout_next_look").attributes["reason"] == "parked_away"
    assert state(hass, "sensor.scout_last_full_read").attributes["cause"] == "first_look"
    assert state(hass, "sensor.scout_last_look").attributes["last_position"] is not None
    assert value(hass, "sensor.tesla_scout_sign_in") == "fresh"
    requests = state(hass, "sensor.tesla_scout_billed_requests_this_month")
    assert requests.state == "1"
    assert requests.attributes["data"] == 1
    assert requests.attributes["auth"] == 1
    assert requests.attributes["last_reset"] == "2026-11-01T00:00:00+01:00"
    assert value(hass, "sensor.tesla_scout_cost_this_month") == "0.002"


async def test_car_that_was_never_read_has_no_values_but_buttons(
    hass: HomeAssistant, account: Account, set_up: SetUp
) -> None:
    """Unavailable is what was never known; what the cloud says and what can be pressed is there."""
    account.add_car(VIN, "Scout", WORK, asleep=True)
    await set_up(account)
    for entity_id in (
        "sensor.scout_battery",
        "binary_sensor.scout_plugged_in",
        "sensor.scout_last_full_read",
    ):
        assert value(hass, entity_id) == "unavailable"
    assert value(hass, "sensor.scout_cloud_state") == "asleep"
    assert value(hass, "device_tracker.scout_location") == "unknown"
    assert value(hass, "binary_sensor.scout_at_home") == "unknown"
    assert value(hass, "button.scout_full_read_now") == "unknown"


async def test_month_that_turns_begins_a_new_count(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """Without a request of its own the sum is that of the new month, an hour after midnight at the latest."""
    await set_up(account)
    await passes(7 * 86_400, step=600)
    requests = state(hass, "sensor.tesla_scout_billed_requests_this_month")
    assert requests.attributes["last_reset"] == "2026-12-01T00:00:00+01:00"
    assert requests.state == "0"
    assert value(hass, "sensor.tesla_scout_cost_this_month") == "0.0"


async def test_event_tells_when_the_position_was_taken(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """An automation can see how old the news is."""
    await set_up(account)
    told = listen(hass)
    way = drive_home().starting_at(time.time() + 60)
    car.stay_awake(time.time(), way.begin)
    car.drive(way)
    await passes(way.end + 60 - time.time())
    assert kinds(told) == ["arrived"]
    event = state(hass, "event.scout_presence")
    assert event.attributes["event_types"] == ["arrived", "left"]
    assert event.attributes["event_type"] == "arrived"
    assert abs(event.attributes["position_taken_at"].timestamp() - told[0][1]) <= 5


async def test_nothing_but_the_tracker_tells_where_the_car_is(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """No VIN, no coordinates and no token in any state or attribute but the tracker's position."""
    entry = await set_up(account)
    car.drive(drive_home().starting_at(time.time() + 10))
    await passes(300)
    token = entry.data["token"]
    secrets = [
        VIN,
        account.sub,
        token["access_token"],
        *(item["refresh_token"] for item in token["candidates"]),
    ]
    for one in hass.states.async_all():
        text = json.dumps({one.state: dict(one.attributes)}, default=str)
        assert not [secret for secret in secrets if secret in text], one.entity_id
        if one.domain not in {"device_tracker", "zone"}:
            assert "52.5" not in text, one.entity_id
            assert "latitude" not in text, one.entity_id


async def test_disabled_sensor_can_be_enabled(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """The token's end, its renewals and rejections are for those who want to know."""
    entry = await set_up(account)
    for name in ("access_token_expires", "access_token_renewed", "rejected_access_tokens_in_a_day"):
        er.async_get(hass).async_update_entity(f"sensor.tesla_scout_{name}", disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    renewed = hass.states.get("sensor.tesla_scout_access_token_renewed")
    assert renewed is not None
    assert (renewed.attributes["rotations"], renewed.attributes["failures"]) == (1, 0)
    assert time.time() - moment(renewed.state) == pytest.approx(0, abs=120)
    assert value(hass, "sensor.tesla_scout_rejected_access_tokens_in_a_day") == "0"
    sign_in = hass.states.get("sensor.tesla_scout_sign_in")
    assert sign_in is not None
    assert sign_in.attributes["region"] == "eu"
    assert "vehicle_location" in sign_in.attributes["granted_scopes"]
    assert sign_in.attributes["missing_scopes"] == []
    expires = moment(value(hass, "sensor.tesla_scout_access_token_expires"))
    assert expires - time.time() == pytest.approx(8 * 3600, abs=120)


# --- buttons --------------------------------------------------------------------------------------


async def press(hass: HomeAssistant, button: str) -> None:
    """Press a button of the car."""
    await hass.services.async_call("button", "press", {"entity_id": f"button.scout_{button}"}, blocking=True)
    await settle(hass)


@pytest.mark.parametrize("button", ["look_now", "full_read_now"])
async def test_button_reads_an_online_car_once(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    button: str,
) -> None:
    """One press, one billed read, even a moment after the last one."""
    await set_up(account)
    await passes(15)
    start = time.time()
    await press(hass, button)
    assert billed(simulator, start) == 1
    cause = "requested" if button == "full_read_now" else "first_look"
    assert value(hass, "sensor.scout_cause_of_last_full_read") == cause


async def test_buttons_for_a_sleeping_car(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, set_up: SetUp
) -> None:
    """A look is content with the cloud's state; a full read that cannot be had is an error that says why; no wake."""
    car = account.add_car(VIN, "Scout", HOME, asleep=True)
    await set_up(account)
    await press(hass, "look_now")
    with pytest.raises(HomeAssistantError) as raised:
        await press(hass, "full_read_now")
    assert raised.value.translation_key == "vehicle_unavailable"
    assert billed(simulator) == 0
    assert car.wakes == []


@pytest.mark.parametrize("button", ["look_now", "full_read_now"])
@pytest.mark.parametrize(
    ("fault", "key"),
    [
        (Fault("api", "status", times=9, status=503, body="down"), "server_error"),
        (Fault("api", "reset_before", times=9), "answer_lost"),
        (Fault("api", "json", times=9, status=429, body={}, headers={"Retry-After": "600"}), "rate_limited"),
        (Fault("api", "json", times=9, status=403, body={"error": "account disabled: EXCEEDED_LIMIT"}), "account_disabled"),
        (Fault("api", "json", times=9, status=404, body={"error": "not_found"}), "not_found"),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)  # fmt: skip
async def test_button_tells_what_went_wrong(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    passes: Pass,
    button: str,
    fault: Fault,
    key: str,
) -> None:
    """The person who pressed gets a translated message; afterwards it works again."""
    await set_up(account)
    await passes(15)
    fault.fired = 0
    simulator.faults.add(fault)
    with pytest.raises(HomeAssistantError) as raised:
        await press(hass, button)
    assert raised.value.translation_domain == "tesla_scout_worker"
    assert raised.value.translation_key == key
    assert str(raised.value) != key  # it is translated
    simulator.faults.clear()
    await passes(3700, step=60)
    car.stay_awake(time.time(), time.time() + 60)
    await press(hass, button)


async def test_error_of_an_earlier_look_is_not_told_to_the_next_person(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """A scheduled look that failed a minute ago says nothing about the button that works now."""
    await set_up(account)
    car.stay_awake(time.time(), time.time() + 9000)
    simulator.faults.add(Fault("api", "status", times=1, status=503, body="down"))
    await passes(400, step=10)
    await press(hass, "look_now")
    await press(hass, "full_read_now")
    assert asked(simulator, "vehicle_data") >= 2


# --- unloading ------------------------------------------------------------------------------------


async def test_unloaded_entry_asks_nothing_more(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp, passes: Pass
) -> None:
    """No timer and no listener is left: days later not a single request, also when the zone moves."""
    entry = await set_up(account)
    car.stay_awake(time.time(), time.time() + 200_000)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    before = len(simulator.requests)
    await hass.config.async_update(latitude=WORK[0], longitude=WORK[1])
    await passes(2 * 86_400, step=3600)
    assert len(simulator.requests) == before
    assert {one.state for one in hass.states.async_all() if ".scout_" in one.entity_id} == {"unavailable"}
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert value(hass, "binary_sensor.scout_at_home") == "on"
