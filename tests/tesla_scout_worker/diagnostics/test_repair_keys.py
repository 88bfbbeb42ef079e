"""Repairs of commands: the key that a car does not know, and the proxy that is not there."""

from typing import Any

from account_bench import repairs
from bench import VIN, SetUp, settle
from charge_bench import SIGNED
from homeassistant.core import HomeAssistant
from lookout import SECOND_VIN, asked
import pytest
import repair_bench
from repair_bench import Repairing, is_mended, issue_of, trouble

from custom_components.tesla_scout_worker.const import CONF_COMMANDS
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.fleet.commands import set_charge_limit
from custom_components.tesla_scout_worker.fleet.errors import FleetError
from custom_components.tesla_scout_worker.fleet.metering import Purpose
from custom_components.tesla_scout_worker.issues import car_id
from custom_components.tesla_scout_worker.virtual_key import async_key_cabinet, async_virtual_key
from fleet_simulator import Account, Car, Fault, FleetSimulator
from fleet_simulator.certificate import self_signed
from fleet_simulator.proxy import Proxy

person = repair_bench.person_fixture

# Made before a test stops the clock: what makes certificates wants the true time.
CERTIFICATE = self_signed("127.0.0.1")


async def fails(entry: ScoutWorkerConfigEntry, vin: str = VIN) -> None:
    """Send a command that does not get to the car."""
    with pytest.raises(FleetError):
        await entry.runtime_data.account.commander.async_send(vin, set_charge_limit(70), Purpose.REQUESTED)


async def test_a_key_is_paired_from_its_repair(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    person: Repairing,
) -> None:
    """The link and its picture are shown; Tesla is asked whether it was done, which is not billed. Of each car by itself."""
    other = account.add_car(SECOND_VIN, "Second")
    entry = await set_up(account, SIGNED)
    key = await async_virtual_key(hass)
    await (await async_key_cabinet(hass)).async_registered("car.example.org")
    await fails(entry)
    shown = await person.opens("key_not_paired")
    assert shown["step_id"] == "check"
    link = shown["description_placeholders"]["pairing_url"]
    assert link == "https://tesla.com/_ak/car.example.org"
    assert shown["data_schema"][0]["selector"]["qr_code"]["data"] == link
    cost = simulator.bill.usd
    assert trouble(await person.submits()) == "not_yet"
    other.keyring.pair(key.public_point_hex)
    other.key_paired = True
    assert trouble(await person.submits()) == "not_yet"
    car.keyring.pair(key.public_point_hex)
    car.key_paired = True
    simulator.faults.add(Fault("fleet_status", "status", status=503))
    assert trouble(await person.submits()) == "not_now"
    assert is_mended(await person.submits())
    assert repairs(hass) == set()
    assert asked(simulator, "fleet_status") == 4
    assert simulator.bill.usd == cost
    await entry.runtime_data.account.commander.async_send(VIN, set_charge_limit(70), Purpose.REQUESTED)


async def test_a_command_that_gets_through_takes_the_repair_back(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, person: Repairing
) -> None:
    """Without anybody at the dialog; where that is open it ends well."""
    entry = await set_up(account, SIGNED)
    key = await async_virtual_key(hass)
    await fails(entry)
    assert issue_of(hass, "key_not_registered").data == {
        "kind": "key_not_registered", "about": car_id(entry, VIN), "entry_id": entry.entry_id,
    }  # fmt: skip
    await person.opens("key_not_registered")
    car.keyring.pair(key.public_point_hex)
    await entry.runtime_data.account.commander.async_send(VIN, set_charge_limit(70), Purpose.REQUESTED)
    assert repairs(hass) == set()
    assert is_mended(await person.submits())


async def test_a_key_without_a_domain_leads_to_the_registration(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp, person: Repairing
) -> None:
    """In the dialog that exists for it."""
    entry = await set_up(account, SIGNED)
    await async_virtual_key(hass)
    await fails(entry)
    assert (await person.opens("key_not_registered"))["step_id"] == "register"
    ended = await person.submits()
    (opened,) = entry.async_get_active_flows(hass, {"reconfigure"})
    assert (ended["next_flow"], opened["step_id"]) == (["config_flow", opened["flow_id"]], "register")


def over(proxy: Proxy) -> dict[str, Any]:
    """Return the options of an owner whose commands go over a proxy."""
    chosen = {"transport": "proxy", "proxy_url": proxy.url, "certificate": CERTIFICATE.certificate.decode()}
    return {CONF_COMMANDS: chosen}


async def open_proxy(simulator: FleetSimulator) -> Proxy:
    """Start the simulator's second door."""
    proxy = simulator.add_proxy()
    proxy.tls = CERTIFICATE
    await proxy.start()
    return proxy


async def test_a_proxy_that_is_back_is_found_so(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    person: Repairing,
) -> None:
    """It is asked for its health, and nothing is asked of Tesla."""
    proxy = await open_proxy(simulator)
    port = int(proxy.url.rpartition(":")[2])
    entry = await set_up(account, over(proxy))
    await proxy.stop()
    await fails(entry)
    await person.opens("proxy_down")
    await person.chooses("check")
    before = len(simulator.requests)
    assert trouble(await person.submits()) == "not_yet"
    await proxy.start(port=port)
    assert is_mended(await person.submits())
    assert repairs(hass) == set()
    assert {record.kind for record in simulator.requests[before:]} == {"proxy_health"}


async def test_who_would_rather_sign_here_does(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    person: Repairing,
) -> None:
    """With the key there is; without one the dialog that makes it follows. The address of the proxy is kept."""
    proxy = await open_proxy(simulator)
    entry = await set_up(account, over(proxy))
    await proxy.stop()
    await fails(entry)
    await person.opens("proxy_down")
    assert (await person.chooses("sign_here"))["type"] == "form"
    ended = await person.submits()
    (opened,) = entry.async_get_active_flows(hass, {"reconfigure"})
    assert ended["next_flow"] == ["config_flow", opened["flow_id"]]
    assert entry.options[CONF_COMMANDS] == {**over(proxy)[CONF_COMMANDS], "transport": "signed"}
    assert repairs(hass) == set()

    hass.config_entries.async_update_entry(entry, options=over(proxy))
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    await fails(entry)
    key = await async_virtual_key(hass)
    await (await async_key_cabinet(hass)).async_registered("car.example.org")
    await person.opens("proxy_down")
    await person.chooses("sign_here")
    assert is_mended(await person.submits())
    car.keyring.pair(key.public_point_hex)
    await entry.runtime_data.account.commander.async_send(VIN, set_charge_limit(70), Purpose.REQUESTED)
    assert car.battery(simulator.clock()).limit == 70


async def test_the_key_of_a_proxy_is_asked_for_too(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    person: Repairing,
) -> None:
    """Its link is not known here, so there is no picture."""
    proxy = await open_proxy(simulator)
    entry = await set_up(account, over(proxy))
    await fails(entry)
    shown = await person.opens("proxy_key_not_paired")
    assert shown["data_schema"] == []
    car.keyring.pair(proxy.public_point)
    car.key_paired = True
    assert is_mended(await person.submits())
    await proxy.stop()
