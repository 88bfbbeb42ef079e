"""What the tests of blueprints share: a blueprint is laid where Home Assistant looks for it, and filled in."""

from pathlib import Path
import shutil
from typing import Any, Final

from bench import VIN, settle
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from lookout import value
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry

REPO: Final = Path(__file__).parents[3]
BLUEPRINTS: Final = REPO / "blueprints" / "automation" / DOMAIN
REPORT: Final = "blueprint_reported"
AUTOMATION: Final = "automation.made_of_a_blueprint"


def put_in(file: Path, folder: Path) -> None:
    """Put the blueprint where Home Assistant looks for it."""
    folder.mkdir(parents=True)
    shutil.copy(file, folder)


def device_of(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, name: str = VIN) -> str:
    """Return the id of a car's device by its VIN, or of the account's by its own name."""
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, name), entry.entry_id)
    assert device is not None
    return device.id


async def end(hass: HomeAssistant) -> None:
    """Turn the automation off: triggers of calendars have timers of their own."""
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": AUTOMATION, "stop_actions": True}, blocking=True
    )


async def automate(
    hass: HomeAssistant, blueprint: str, reporter: str, told: dict[str, str], **inputs: Any
) -> list[Event[Any]]:
    """Make an automation of a blueprint, which reports by an event. The events come back.

    reporter: the input that takes actions. told: templates by the name under which the report has them.
    """
    file = BLUEPRINTS / f"{blueprint}.yaml"
    await hass.async_add_executor_job(
        put_in, file, Path(hass.config.path("blueprints", "automation", DOMAIN))
    )
    config = {
        "alias": "Made of a blueprint",
        "use_blueprint": {
            "path": f"{DOMAIN}/{file.name}",
            "input": {**inputs, reporter: [{"event": REPORT, "event_data": told}]},
        },
    }
    reports = async_capture_events(hass, REPORT)
    # Always there in a Home Assistant that was started in the usual way.
    for usual in ("homeassistant", "persistent_notification"):
        assert await async_setup_component(hass, usual, {})
    assert await async_setup_component(hass, "automation", {"automation": [config]})
    await settle(hass)
    assert value(hass, AUTOMATION) == "on"
    return reports
