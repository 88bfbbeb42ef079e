"""What actions on cars have in common: which cars are meant, that one that fails stops no other, and what it cost."""

from collections.abc import Awaitable, Callable, Mapping

from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import service
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType

from .budget import receipt
from .const import DOMAIN
from .data import Car, ScoutWorkerConfigEntry
from .fleet.errors import FleetError
from .fleet.metering import Category
from .ledger import Ledger
from .problems import for_action


async def async_for_each_car(
    call: ServiceCall, act: Callable[[Car], Awaitable[dict[str, JsonValueType]]]
) -> ServiceResponse:
    """Act on each car that was named, or on all. One that fails does not keep the others from being served."""
    answers: list[JsonValueType] = []
    errors: list[FleetError] = []
    with receipt() as cost:
        for car in cars_of(call):
            try:
                answers.append({"name": car.name, **await act(car)})
            except FleetError as err:
                errors.append(err)
                answers.append({"name": car.name, "error": err.code})
    if errors and len(errors) == len(answers):
        raise for_action(errors[0]) from errors[0]
    return {"cars": answers, **cost_of(cost)}


def cars_of(call: ServiceCall) -> list[Car]:
    """Return the cars that a call names by their device or their account's, all without a name. ServiceValidationError without one."""
    cars: dict[str, Car] = {}
    device_ids = call.data.get(ATTR_DEVICE_ID)
    if device_ids is None:
        entries: list[ScoutWorkerConfigEntry] = call.hass.config_entries.async_loaded_entries(DOMAIN)
        cars = {vin: car for entry in entries for vin, car in entry.runtime_data.cars.items()}
    for device_id in device_ids or ():
        device, entry = service.async_get_device_and_config_entry(
            call.hass, DOMAIN, device_id, include_child_devices=False
        )
        names = {name for domain, name in device.identifiers if domain == DOMAIN}
        # The account's own device stands for all its cars.
        cars |= {
            vin: car
            for vin, car in entry.runtime_data.cars.items()
            if vin in names or entry.unique_id in names
        }
    if not cars:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_car")
    return list(cars.values())


def cost_of(ledger: Ledger) -> dict[str, JsonValueType]:
    """Return what was asked and what it cost, for an answer."""
    return {
        "requests": by_category(ledger.requests()),
        "billed": ledger.billed(),
        "cost_usd": ledger.cost(),
    }


def by_category(requests: Mapping[Category, int]) -> dict[str, JsonValueType]:
    """Return counts for an answer."""
    return {category.value: count for category, count in requests.items()}


def iso(seconds: float | None) -> str | None:
    """Return a time for an answer. seconds: Unix."""
    return dt_util.utc_from_timestamp(seconds).isoformat() if seconds else None
