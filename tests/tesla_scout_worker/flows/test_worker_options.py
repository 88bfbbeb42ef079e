"""The options of the worker: shown, kept, and in force."""

from datetime import time
from typing import Any

from bench import VIN, SetUp, settle
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.tesla_scout_worker.worker.wishes import Wishes
from fleet_simulator import Account, Car


async def test_worker_options_are_kept_and_others_stay(
    hass: HomeAssistant, account: Account, car: Car, set_up: SetUp
) -> None:
    """What was chosen is shown again, and rules the worker after the reload that follows by itself."""
    entry = await set_up(account, {"monthly_budget": 5.0})
    chosen: dict[str, Any]
    for chosen in (
        {
            "nightly_check": True,
            "nightly_time": "22:15:00",
            "nightly_wake": True,
            "wakes_a_day": 5,
            "second_wake": True,
        },
        {
            "nightly_check": False,
            "nightly_time": "05:00:00",
            "nightly_wake": False,
            "wakes_a_day": 0,
            "second_wake": False,
        },
    ):
        menu = await hass.config_entries.options.async_init(entry.entry_id)
        shown = await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": "worker"})
        assert shown["type"] is FlowResultType.FORM
        done = await hass.config_entries.options.async_configure(shown["flow_id"], chosen)
        assert done["type"] is FlowResultType.CREATE_ENTRY
        await settle(hass)
        assert entry.options == {"monthly_budget": 5.0, "worker": chosen}
        assert entry.runtime_data.cars[VIN].worker.waker.may_wake is bool(chosen["wakes_a_day"])
        menu = await hass.config_entries.options.async_init(entry.entry_id)
        shown = await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": "worker"})
        assert shown["data_schema"] is not None
        suggested = {str(key): key.description["suggested_value"] for key in shown["data_schema"].schema}
        assert suggested == chosen
        hass.config_entries.options.async_abort(shown["flow_id"])


@pytest.mark.parametrize(
    "stored", [None, [], "x", {}, {"wakes_a_day": "x", "nightly_time": 5, "nightly_wake": "yes"}]
)
def test_what_makes_no_sense_wakes_no_car(stored: object) -> None:
    """The defaults are those that cost nothing."""
    assert Wishes.from_options(stored) == Wishes(
        time(21, 30), may_wake_nightly=False, wakes_a_day=3, wakes_twice=False
    )


@pytest.mark.parametrize(
    ("wakes", "meant"), [(0, 0), (7.0, 7), (-1, 3), (1e9, 3), (float("nan"), 3), (True, 3)]
)
def test_wakes_a_day(wakes: float, meant: int) -> None:
    """A number of a form is a float; one that no form gives is none."""
    assert Wishes.from_options({"wakes_a_day": wakes}).wakes_a_day == meant
