"""What people and automations do to an integration, at random."""

import asyncio
from collections.abc import Callable
import random
from typing import Any, Final

from homeassistant.config_entries import OperationNotAllowed
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowError, FlowResultType
from homeassistant.exceptions import HomeAssistantError

from .dialogs import async_begin_reconfigure, async_submit

# At the same time; each waits so long between two chores (seconds).
_PEOPLE: Final = 3
_PAUSE: Final = 0.4
_CHORES: Final = {
    "scout_now": 8,
    "refresh_token": 5,
    "get_status": 3,
    "run_worker": 3,
    "reload": 3,
    "reload_reference": 3,
    "poll_reference": 4,
    "reconfigure": 3,
}


class Chores:
    """Uses both integrations until it is cancelled."""

    def __init__(
        self,
        hass: HomeAssistant,
        ours: str,
        reference: str,
        rng: random.Random,
        tell: Callable[..., None],
    ) -> None:
        """Initialize. tell: takes an event's name and what belongs to it."""
        self._hass = hass
        self._ours = ours
        self._reference = reference
        self._rng = rng
        self._tell = tell

    async def async_run(self) -> None:
        """Do one thing after the other, several at a time."""
        await asyncio.gather(*(self._async_person() for _ in range(_PEOPLE)))

    async def _async_person(self) -> None:
        while True:
            await asyncio.sleep(self._rng.uniform(0.0, _PAUSE))
            chore = self._rng.choices(list(_CHORES), list(_CHORES.values()))[0]
            try:
                await self._async_do(chore)
            except (HomeAssistantError, OperationNotAllowed, FlowError) as err:
                self._tell("chore", name=chore, refused=type(err).__name__)
            except Exception as err:  # noqa: BLE001 - the runner hears of everything that is not foreseen
                self._tell("surprise", name=chore, error=f"{type(err).__name__}: {err}"[:500])
            else:
                self._tell("chore", name=chore)

    async def _async_do(self, chore: str) -> None:
        match chore:
            case "reload":
                await self._async_reload(self._ours)
            case "reload_reference":
                await self._async_reload(self._reference)
            case "poll_reference":
                for entry in self._hass.config_entries.async_loaded_entries(self._reference):
                    await entry.runtime_data.async_refresh()
            case "reconfigure":
                await self._async_open_and_close()
            case _:
                await self._hass.services.async_call(
                    self._ours, chore, {}, blocking=True, return_response=True
                )

    async def _async_reload(self, domain: str) -> None:
        for entry in self._hass.config_entries.async_entries(domain):
            await self._hass.config_entries.async_reload(entry.entry_id)

    async def _async_open_and_close(self) -> None:
        """Open the dialog, perhaps paste a token that nobody knows, and close it, perhaps before the answer."""
        for entry in self._hass.config_entries.async_entries(self._ours):
            result = await async_begin_reconfigure(self._hass, self._ours, entry.entry_id)
            typed: dict[str, Any] = {**entry.data, "refresh_token": "EU_nobody_knows_this_one"}
            submitting: asyncio.Task[Any] | None = None
            if self._rng.random() < 0.5:  # noqa: PLR2004 - how often
                if result["type"] is FlowResultType.MENU:
                    result = await async_submit(self._hass, result, typed)
                if result["type"] is FlowResultType.FORM:
                    submitting = asyncio.create_task(async_submit(self._hass, result, typed))
            await asyncio.sleep(self._rng.uniform(0.0, 0.2))
            if any(
                flow["flow_id"] == result["flow_id"]
                for flow in self._hass.config_entries.flow.async_progress()
            ):
                self._hass.config_entries.flow.async_abort(result["flow_id"])
            if submitting:
                await submitting
