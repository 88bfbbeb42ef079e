"""What only the owner can mend before commands get to his cars, as repairs."""

from homeassistant.core import HomeAssistant, callback

from .data import ScoutWorkerConfigEntry
from .fleet.partner import pairing_url
from .issues import car_id, update_issue


@callback
def tell_unpaired(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, vin: str, *, domain: str | None, is_proxys: bool
) -> None:
    """Ask the owner to pair the key with a car. domain: with which it is registered. is_proxys: a proxy's key it is."""
    words = {"name": _name_of(entry, vin), "pairing_url": pairing_url(domain or "")}
    update_issue(
        hass,
        entry,
        "key_not_paired",
        is_present=domain is not None,
        placeholders=words,
        about=car_id(entry, vin),
    )
    update_issue(
        hass,
        entry,
        "key_not_registered",
        is_present=domain is None and not is_proxys,
        placeholders=words,
        about=car_id(entry, vin),
    )
    update_issue(
        hass,
        entry,
        "proxy_key_not_paired",
        is_present=domain is None and is_proxys,
        placeholders=words,
        about=car_id(entry, vin),
    )


@callback
def tell_paired(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, vin: str) -> None:
    """Take back what was said of a car's key: it has just obeyed a signed command."""
    about = car_id(entry, vin)
    update_issue(hass, entry, "key_not_paired", is_present=False, about=about)
    update_issue(hass, entry, "key_not_registered", is_present=False, about=about)
    update_issue(hass, entry, "proxy_key_not_paired", is_present=False, about=about)


@callback
def tell_proxy(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, *, is_down: bool) -> None:
    """Say that the owner's proxy does not answer and nothing takes its place, or that this is over."""
    update_issue(hass, entry, "proxy_down", is_present=is_down)


def _name_of(entry: ScoutWorkerConfigEntry, vin: str) -> str:
    car = entry.runtime_data.cars.get(vin)
    return car.name if car else f"Tesla {vin[-4:]}"
