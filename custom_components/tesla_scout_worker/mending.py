"""Looking whether what a repair speaks of is mended, by kind. Whatever is found out takes the repair back by itself."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

from homeassistant.core import HomeAssistant

from .command_repairs import tell_paired
from .data import Car, ScoutWorkerConfigEntry
from .fleet.command_errors import ProxyDownError
from .fleet.errors import AskedTooOftenError
from .fleet.metering import Purpose

type Check = Callable[[HomeAssistant, ScoutWorkerConfigEntry, Car | None], Awaitable[None]]
"""Looks. The car: of which the repair is, None for one of the account. Raises FleetError."""


async def _async_renew_token(_: HomeAssistant, entry: ScoutWorkerConfigEntry, __: Car | None) -> None:
    """Renew the access token: one request, which is not billed. A new one names what was granted since."""
    if not await entry.runtime_data.account.async_refresh_token():
        raise AskedTooOftenError


async def _async_save_token(_: HomeAssistant, entry: ScoutWorkerConfigEntry, __: Car | None) -> None:
    """Write the token that is not on the disk yet. Asks nothing of Tesla, unless the token should be renewed anyway."""
    await entry.runtime_data.account.async_refresh()


async def _async_list(_: HomeAssistant, entry: ScoutWorkerConfigEntry, __: Car | None) -> None:
    """Ask for the list of cars, which is not billed."""
    await entry.runtime_data.account.car_list.async_ask(Purpose.REQUESTED)


async def _async_knock(_: HomeAssistant, entry: ScoutWorkerConfigEntry, __: Car | None) -> None:
    """Look at one car, at most one billed request. Where none can be read the door is opened for what comes next."""
    runtime = entry.runtime_data
    # Who is online is read; who sleeps would tell nothing of money.
    for car in sorted(runtime.cars.values(), key=lambda one: one.scout.data.online_since is None)[:1]:
        await car.scout.async_look()
    if runtime.budget.is_disabled:
        runtime.budget.owner_acted()


async def _async_look(_: HomeAssistant, __: ScoutWorkerConfigEntry, car: Car | None) -> None:
    """Look at the car: a question that is not billed, and a read, one billed request, if it is online."""
    if car is not None:
        await car.scout.async_look()


async def _async_ask_for_key(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car | None) -> None:
    """Ask the cloud whether the car knows the key, which is not billed."""
    if car is None:
        return
    status = await entry.runtime_data.account.client.fleet_status(car.vin, Purpose.REQUESTED)
    if status.is_paired:
        tell_paired(hass, entry, car.vin)


async def _async_check_proxy(_: HomeAssistant, entry: ScoutWorkerConfigEntry, __: Car | None) -> None:
    """Look whether the proxy answers. Asks nothing of Tesla."""
    # That it is still down is what the repair says anyway.
    with suppress(ProxyDownError):
        await entry.runtime_data.account.commander.async_check_proxy()


CHECKS: Final[Mapping[str, Check]] = {
    "account_disabled": _async_knock,
    "app_not_registered": _async_list,
    "car_refused": _async_look,
    "key_not_paired": _async_ask_for_key,
    "location_not_granted": _async_renew_token,
    "location_refused": _async_look,
    "proxy_down": _async_check_proxy,
    "proxy_key_not_paired": _async_ask_for_key,
    "scopes_missing": _async_renew_token,
    "sign_in_app_refused": _async_renew_token,
    "token_not_saved": _async_save_token,
    "token_refresh_fails": _async_renew_token,
}
