"""What a dialog shows while it waits: nothing where the answer is there in a moment, else what is being asked and of whom."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult

from .token_flight import run_apart

# So long the button's own wheel tells enough, seconds.
_MOMENT: Final = 1.5


class PatientSteps(ConfigFlow):
    """The steps `asking` and `asked`, to which any step goes that has to wait."""

    _work: asyncio.Task[ConfigFlowResult] | None = None
    _end_of_work: asyncio.Task[None] | None = None
    _action = ""

    async def _async_patiently(
        self, action: str, working: Coroutine[Any, Any, ConfigFlowResult]
    ) -> ConfigFlowResult:
        """Return what some work ends with, or show that it goes on. action: the key of the text, in `progress`."""
        self._action = action
        self._work = work = run_apart(self.hass, working)
        await asyncio.wait([work], timeout=_MOMENT)
        if work.done():
            return work.result()
        # A dialog that is closed cancels what it waits for: that must not be the work, which looks itself whether it was.
        self._end_of_work = self.hass.async_create_task(_async_end(work), eager_start=True)
        return await self.async_step_asking()

    async def async_step_asking(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what is being asked, until that is answered."""
        assert self._end_of_work  # noqa: S101 - for the type checker: who comes here waits
        if self._end_of_work.done():
            return self.async_show_progress_done(next_step_id="asked")
        return self.async_show_progress(
            step_id="asking", progress_action=self._action, progress_task=self._end_of_work
        )

    async def async_step_asked(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Go on with the answer."""
        assert self._work  # noqa: S101 - for the type checker: who comes here has waited
        return self._work.result()


async def _async_end(work: asyncio.Task[Any]) -> None:
    """Wait until some work has ended, however it did."""
    await asyncio.wait([work])
