"""The actions: whom they are for, what they answer, and that the cost they tell is the bill."""

import time
from typing import Any

from bench import VIN, WORK, Pass, SetUp, settle
from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.service import async_get_all_descriptions
from lookout import SECOND_VIN, agrees, billed, call, moment
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import Account, Car, Fault, FleetSimulator

DOWN = {"kind": "status", "status": 503, "body": "down", "times": None}


def device_id(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, name: str) -> str:
    """Return the device's id; name: a VIN or the account."""
    found = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, name), entry.entry_id)
    assert found is not None
    return found.id


@pytest.fixture
async def entry(account: Account, car: Car, set_up: SetUp, passes: Pass) -> ScoutWorkerConfigEntry:
    """Two cars, both online and read."""
    account.add_car(SECOND_VIN, "Second", WORK, 44.0)
    entry = await set_up(account)
    await passes(15)
    return entry


@pytest.mark.parametrize("service", ["scout_now", "run_worker"])
@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        pytest.param(None, ["Scout", "Second"], id="all"),
        pytest.param([VIN], ["Scout"], id="one"),
        pytest.param(SECOND_VIN, ["Second"], id="one, not in a list"),
        pytest.param([SECOND_VIN, VIN], ["Second", "Scout"], id="both"),
        pytest.param([VIN, VIN], ["Scout"], id="one twice"),
        pytest.param(["account"], ["Scout", "Second"], id="the account stands for its cars"),
        pytest.param([VIN, "account"], ["Scout", "Second"], id="the account and one of its cars"),
    ],
)
async def test_cars_that_are_meant(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    entry: ScoutWorkerConfigEntry,
    service: str,
    chosen: Any,
    names: list[str],
) -> None:
    """Each car that is meant is served once, the answer says so, and its cost is the bill's."""

    def _id(name: str) -> str:
        return device_id(hass, entry, account.sub if name == "account" else name)

    data = {}
    if chosen is not None:
        data["device_id"] = _id(chosen) if isinstance(chosen, str) else [_id(name) for name in chosen]
    start, before = time.time(), simulator.bill.usd
    answer = await call(hass, service, **data)
    assert [one["name"] for one in answer["cars"]] == names
    done = "position_read" if service == "scout_now" else "vehicle_read"
    assert all(one[done] is True for one in answer["cars"])
    assert answer["billed"] == billed(simulator, start) == len(names)
    assert answer["requests"]["data"] == answer["requests"]["state"] == len(names)
    assert answer["cost_usd"] == pytest.approx(simulator.bill.usd - before)
    agrees(simulator, entry)


async def test_answers_tell_what_was_found(
    hass: HomeAssistant, account: Account, entry: ScoutWorkerConfigEntry
) -> None:
    """The shape of the answers is what automations rely on."""
    scout = (await call(hass, "scout_now"))["cars"][0]
    assert set(scout) == {
        "name", "position_read", "cloud_state", "presence", "distance_to_home_m", "last_look", "next_look", "reason",
    }  # fmt: skip
    assert (scout["cloud_state"], scout["presence"], scout["reason"]) == ("online", "away", "parked_away")
    assert scout["distance_to_home_m"] == pytest.approx(8_900, abs=200)
    assert moment(scout["next_look"]) > moment(scout["last_look"])
    worker = (await call(hass, "run_worker"))["cars"][1]
    assert worker == {
        "name": "Second", "vehicle_read": True, "last_full_read": worker["last_full_read"], "cause": "requested",
        "pending": [], "battery_level": 44, "charging_state": "Disconnected", "next_cause": "nightly_check",
        "next_full_read": worker["next_full_read"], "wakes_today": 0,
    }  # fmt: skip


@pytest.mark.parametrize("service", ["scout_now", "run_worker"])
async def test_one_of_two_cars_fails(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, service: str
) -> None:
    """The other is served, the answer names the trouble, and nothing is raised."""
    simulator.faults.add(Fault("vehicle_data", vin=VIN, **DOWN))  # type: ignore[arg-type]
    answer = await call(hass, service)
    assert answer["cars"][0] == {"name": "Scout", "error": "server_error"}
    assert answer["cars"][1]["name"] == "Second"
    assert answer["billed"] == 1
    agrees(simulator, entry)


@pytest.mark.parametrize("service", ["scout_now", "run_worker"])
async def test_all_cars_fail(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, service: str
) -> None:
    """Where nothing could be done that is an error with a translated message."""
    simulator.faults.add(Fault("api", **DOWN))  # type: ignore[arg-type]
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, service)
    assert raised.value.translation_key == "server_error"


@pytest.mark.parametrize("service", ["scout_now", "run_worker"])
async def test_devices_that_are_not_ours_are_refused(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, service: str
) -> None:
    """A foreign device, one that does not exist, none, and a car that is not watched: refused without a request."""
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    foreign = dr.async_get(hass).async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("other", VIN)}
    )
    unwatched = device_id(hass, entry, SECOND_VIN)
    hass.config_entries.async_update_entry(entry, options={"watched_vehicles": [VIN]})
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    before = len(simulator.requests)
    for chosen, key in (
        (foreign.id, "service_device_wrong_domain"),
        ("nothing", "service_device_not_found"),
        ([], "no_car"),
        (unwatched, "no_car"),
    ):
        with pytest.raises(ServiceValidationError) as raised:
            await call(hass, service, device_id=chosen)
        assert raised.value.translation_key == key
    assert len(simulator.requests) == before


async def test_without_a_loaded_account_the_actions_say_so(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry
) -> None:
    """They exist all the same, so that an automation gets a message and not 'unknown action'."""
    car = device_id(hass, entry, VIN)
    await hass.config_entries.async_unload(entry.entry_id)
    for service, data in (
        ("scout_now", {}),
        ("run_worker", {}),
        ("scout_now", {"device_id": car}),
        ("refresh_token", {}),
        ("get_status", {}),
        ("get_status", {"config_entry_id": entry.entry_id}),
        ("refresh_token", {"config_entry_id": "nothing"}),
    ):
        with pytest.raises(ServiceValidationError):
            await call(hass, service, **data)


@pytest.mark.parametrize("named", [True, False])
async def test_token_is_renewed_at_most_once_a_minute(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    entry: ScoutWorkerConfigEntry,
    passes: Pass,
    named: bool,
) -> None:
    """The second call within a minute does nothing and says so; it costs nothing either way."""
    data = {"config_entry_id": entry.entry_id} if named else {}
    before = len(account.refreshes)
    answer = await call(hass, "refresh_token", **data)
    assert answer["refreshed"] is True
    assert answer["requests"]["auth"] == 1
    assert (answer["billed"], answer["cost_usd"]) == (0, 0)
    assert answer["token"]["state"] == "fresh"
    assert answer["token"]["remaining_minutes"] == pytest.approx(480, abs=1)
    again = await call(hass, "refresh_token", **data)
    assert again["refreshed"] is False
    assert again["requests"]["auth"] == 0
    assert len(account.refreshes) == before + 1
    await passes(61, step=61)
    assert (await call(hass, "refresh_token", **data))["refreshed"] is True
    assert len(account.refreshes) == before + 2


async def test_renewal_that_fails_is_an_error(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry
) -> None:
    """With a translated message, and the old token still works."""
    simulator.faults.add(Fault("token", **DOWN))  # type: ignore[arg-type]
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, "refresh_token")
    assert raised.value.translation_key == "server_error"
    assert (await call(hass, "run_worker"))["cars"][0]["vehicle_read"] is True


@pytest.mark.parametrize("named", [True, False])
async def test_status_tells_everything_and_asks_nothing(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    entry: ScoutWorkerConfigEntry,
    named: bool,
) -> None:
    """Token health, each car's scout and worker, the month's requests and cost; no secret in it."""
    before = len(simulator.requests)
    status = await call(hass, "get_status", **({"config_entry_id": entry.entry_id} if named else {}))
    assert len(simulator.requests) == before
    assert set(status) == {"token", "cars", "month", "today", "other_programs"}
    assert status["other_programs"] == {"is_on": False, "handouts": 0}
    assert set(status["token"]) == {
        "state", "expires_at", "remaining_minutes", "last_rotation", "rotations", "failures", "missing_scopes", "region",
    }  # fmt: skip
    assert status["token"]["region"] == "eu"
    assert status["token"]["missing_scopes"] == []
    assert [car["name"] for car in status["cars"]] == ["Scout", "Second"]
    assert status["cars"][0]["scout"]["presence"] == "away"
    assert status["cars"][1]["worker"]["battery_level"] == 44
    assert status["month"]["billed"] == billed(simulator)
    assert status["month"]["cost_usd"] == pytest.approx(simulator.bill.usd)
    assert status["month"]["requests"] == status["today"]["requests"]
    assert set(status["today"]["requests"]) == {"data", "commands", "wakes", "state", "auth"}
    text = str(status)
    token = entry.data["token"]
    secrets = [
        VIN,
        account.sub,
        token["access_token"],
        *(item["refresh_token"] for item in token["candidates"]),
    ]
    assert not [secret for secret in secrets if secret in text]


async def test_with_two_accounts_status_wants_to_know_which(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    entry: ScoutWorkerConfigEntry,
    set_up: SetUp,
    passes: Pass,
) -> None:
    """The other actions serve the cars of all accounts."""
    other = simulator.add_account("other@example.com")
    other.add_car("7SAYGDEE1PF000003", "Third")
    second = await set_up(other)
    with pytest.raises(ServiceValidationError):
        await call(hass, "get_status")
    status = await call(hass, "get_status", config_entry_id=second.entry_id)
    assert [car["name"] for car in status["cars"]] == ["Third"]
    await passes(15)
    answer = await call(hass, "scout_now")
    assert [one["name"] for one in answer["cars"]] == ["Scout", "Second", "Third"]
    assert answer["billed"] == 3


async def test_actions_work_without_an_answer_being_wanted(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry
) -> None:
    """An automation need not take the answer; status is nothing but an answer."""
    start = time.time()
    for service in ("scout_now", "run_worker", "refresh_token"):
        await hass.services.async_call(DOMAIN, service, {}, blocking=True)
    assert billed(simulator, start) == 4
    with pytest.raises(ServiceValidationError):
        await hass.services.async_call(DOMAIN, "get_status", {}, blocking=True)


async def test_descriptions_load(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> None:
    """Home Assistant's own reader of services.yaml takes them all, with fields and selectors."""
    found = (await async_get_all_descriptions(hass))[DOMAIN]
    assert set(found) == set(hass.services.async_services_for_domain(DOMAIN))
    of_cars, of_accounts = (
        {"scout_now", "run_worker", "forget_habits"},
        {"refresh_token", "get_access_token", "get_status"},
    )
    for names, fields in ((of_cars, {"device_id"}), (of_accounts, {"config_entry_id"})):
        assert all(set(found[name]["fields"]) == fields for name in names)
    for name, description in found.items():
        assert all(field["selector"] for field in description["fields"].values()), name
        response = hass.services.supports_response(DOMAIN, name)
        answers = {SupportsResponse.ONLY: {"optional": False}, SupportsResponse.OPTIONAL: {"optional": True}}
        assert description.get("response") == answers.get(response)
