"""The last step of the set-up where the account has several cars: which of them are looked after."""

from pathlib import Path

from bench import VIN, form, open_paste, settle
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util.file import WriteError
from lookout import SECOND_VIN, asked, value
import pytest

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.token_journal import TokenJournal
from fleet_simulator import Account, FleetSimulator

pytestmark = pytest.mark.usefixtures("home", "car")


@pytest.fixture
async def shown(hass: HomeAssistant, simulator: FleetSimulator, account: Account) -> ConfigFlowResult:
    """Get to the step with two cars."""
    account.add_car(SECOND_VIN, "Second", battery_level=44.0)
    result = await hass.config_entries.flow.async_configure(
        await open_paste(hass), form(simulator, account.issue_refresh_token())
    )
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "cars")
    return result


def journals(hass: HomeAssistant) -> list[Path]:
    """Return the token journals on the disk."""
    return sorted(Path(hass.config.path(".storage")).glob(f"{DOMAIN}.token_*"))


async def chooses(hass: HomeAssistant, shown: ConfigFlowResult, *vins: str) -> ConfigFlowResult:
    """Choose these cars."""
    result = await hass.config_entries.flow.async_configure(
        shown["flow_id"], {"watched_vehicles": list(vins)}
    )
    await settle(hass)
    return result


async def test_the_form_has_all_cars_chosen(shown: ConfigFlowResult) -> None:
    """By their names."""
    assert shown["data_schema"] is not None
    ((field, picker),) = shown["data_schema"].schema.items()
    assert field.default() == [VIN, SECOND_VIN]
    assert picker.config["options"] == [
        {"value": VIN, "label": "Scout"},
        {"value": SECOND_VIN, "label": "Second"},
    ]


async def test_a_car_that_is_left_out_is_never_asked(
    hass: HomeAssistant, simulator: FleetSimulator, shown: ConfigFlowResult
) -> None:
    """Not even once at the start, which would cost; both stay known, so that it can be chosen later."""
    result = await chooses(hass, shown, VIN)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Tesla: Scout"
    assert result["result"].options == {"watched_vehicles": [VIN]}
    assert set(result["result"].data["vehicles"]) == {VIN, SECOND_VIN}
    assert value(hass, "sensor.scout_battery") == "62"
    assert asked(simulator, "vehicle_data", vin=SECOND_VIN) == 0


async def test_all_cars_means_also_those_bought_later(hass: HomeAssistant, shown: ConfigFlowResult) -> None:
    """So the choice of all is none."""
    result = await chooses(hass, shown, SECOND_VIN, VIN)
    assert result["result"].options == {}
    assert value(hass, "sensor.second_battery") == "44"


async def test_no_car_is_an_error_and_heals(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, shown: ConfigFlowResult
) -> None:
    """On the same step, without another request or token."""
    before = len(simulator.requests)
    again = await chooses(hass, shown)
    assert (again["step_id"], again["errors"]) == ("cars", {"base": "no_vehicle_chosen"})
    assert len(simulator.requests) == before
    assert (await chooses(hass, again, VIN))["type"] is FlowResultType.CREATE_ENTRY
    assert len(account.refreshes) == 1


async def test_a_disk_that_takes_nothing_is_told_there(
    hass: HomeAssistant, shown: ConfigFlowResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sign-in is held, and kept by the next try."""

    async def _fails(*_: object) -> None:
        raise WriteError("full")

    with monkeypatch.context() as full:
        full.setattr(TokenJournal, "async_save", _fails)
        again = await chooses(hass, shown, VIN)
    assert (again["step_id"], again["errors"]) == ("cars", {"base": "cannot_save"})
    assert (await chooses(hass, again, VIN))["type"] is FlowResultType.CREATE_ENTRY


async def test_who_goes_away_there_leaves_no_token(hass: HomeAssistant, shown: ConfigFlowResult) -> None:
    """As in any other step."""
    hass.config_entries.flow.async_abort(shown["flow_id"])
    await settle(hass)
    assert journals(hass) == []
