"""The part of the options that says how commands get to the cars."""

from typing import Any

from bench import SetUp, settle
from command_bench import CERTIFICATE, commander_of, let_clients_hang_up, open_proxy
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.tesla_scout_worker.const import CONF_COMMANDS, CONF_PROMPTNESS
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.fleet.commands import Transports
from fleet_simulator import Account, Car, FleetSimulator


async def open_step(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> ConfigFlowResult:
    """Open the options and choose the commands, as a person does."""
    flow = hass.config_entries.options
    menu = await flow.async_init(entry.entry_id)
    return await flow.async_configure(menu["flow_id"], {"next_step_id": "commands"})


def suggested(shown: ConfigFlowResult) -> dict[str, Any]:
    """Return what the form's section already holds."""
    assert shown["data_schema"] is not None
    (inner,) = [part.schema for part in shown["data_schema"].schema.values() if hasattr(part, "schema")]
    return {str(key): key.description["suggested_value"] for key in inner.schema if key.description}


async def test_what_is_wrong_is_told_and_nothing_typed_is_lost(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Each slip has its own words; the proxy is looked for while its owner waits, and Tesla is not asked."""
    let_clients_hang_up(hass)
    proxy = await open_proxy(simulator)
    entry = await set_up(account, {CONF_PROMPTNESS: "prompt"})
    shown = await open_step(hass, entry)
    simulator.requests.clear()
    good = {"proxy_url": f"{proxy.url}/", "certificate": CERTIFICATE.certificate.decode()}
    slips: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "no_proxy_url"),
        ({"proxy_url": "http://192.168.1.5:4443"}, "invalid_proxy_url"),
        ({"proxy_url": "https://fleet-api.prd.eu.vn.cloud.tesla.com"}, "invalid_proxy_url"),
        ({**good, "certificate": "nonsense"}, "invalid_certificate"),
        ({**good, "add_on": "not a slug"}, "invalid_add_on"),
        ({**good, "add_on": "local_proxy"}, "no_supervisor"),
        ({"proxy_url": proxy.url}, "proxy_not_answering"),
    )
    for typed, slip in slips:
        section = {"verify_certificate": True, "stop_add_on": False, **typed}
        shown = await hass.config_entries.options.async_configure(
            shown["flow_id"], {"transport": "proxy", "proxy": section}
        )
        assert shown["errors"] == {"base": slip}, typed
        assert shown["data_schema"] is not None
    assert entry.options == {CONF_PROMPTNESS: "prompt"}
    section = {"verify_certificate": True, "stop_add_on": False, **good}
    done = await hass.config_entries.options.async_configure(
        shown["flow_id"], {"transport": "proxy", "proxy": section}
    )
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)
    assert entry.options[CONF_PROMPTNESS] == "prompt"
    assert entry.options[CONF_COMMANDS]["proxy_url"] == good["proxy_url"]
    assert commander_of(entry).way_of("any") is Transports.PROXY
    assert {record.kind for record in simulator.requests} <= {"proxy_health", "list", "state", "token"}


async def test_a_proxy_that_is_down_now_can_be_saved_all_the_same(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: Car, set_up: SetUp
) -> None:
    """Submitted twice it is meant; an add-on need not run at all."""
    entry = await set_up(account)
    section = {"proxy_url": "https://127.0.0.1:9", "verify_certificate": False, "stop_add_on": False}
    typed = {"transport": "auto", "proxy": section}
    shown = await open_step(hass, entry)
    shown = await hass.config_entries.options.async_configure(shown["flow_id"], typed)
    assert shown["errors"] == {"base": "proxy_not_answering"}
    done = await hass.config_entries.options.async_configure(shown["flow_id"], typed)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)
    async_mock_service(hass, "hassio", "app_start")
    shown = await open_step(hass, entry)
    assert suggested(shown)["proxy_url"] == "https://127.0.0.1:9"
    typed["proxy"] = {**section, "add_on": "local_proxy", "stop_add_on": True}
    done = await hass.config_entries.options.async_configure(shown["flow_id"], typed)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options[CONF_COMMANDS]["add_on"] == "local_proxy"
