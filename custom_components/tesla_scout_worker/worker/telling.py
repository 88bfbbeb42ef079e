"""Who is told what the reads of a car show to have happened."""

from collections.abc import Callable

from homeassistant.core import CALLBACK_TYPE, callback

from .sessions import Happened, Log, Session

type HappenedListener = Callable[[Happened, float, Session | None], None]
"""Told what a read showed: what, the Unix seconds of the read, and the charge session that runs or was the last."""


class Teller:
    """Keeps the listeners of one car."""

    def __init__(self) -> None:
        """Initialize."""
        self._listeners: list[HappenedListener] = []

    @callback
    def async_add_listener(self, listener: HappenedListener) -> CALLBACK_TYPE:
        """Tell a listener from now on; the release comes back."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def tell(self, untold: tuple[tuple[Happened, float], ...], log: Log) -> None:
        """Tell each listener what happened, in order."""
        for happened, at in untold:
            for listener in tuple(self._listeners):
                listener(happened, at, log.of(happened))
