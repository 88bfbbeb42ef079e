"""From an error of Tesla's side to what Home Assistant does with it: the only such mapping."""

from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryNotReady,
    HomeAssistantError,
    ServiceValidationError,
)
from homeassistant.helpers.update_coordinator import UpdateFailed

from .const import DOMAIN
from .fleet.command_errors import CommandRefusedError
from .fleet.commands import InvalidCommandError
from .fleet.errors import FleetError, SignInRequiredError


def for_coordinator(err: FleetError) -> UpdateFailed | ConfigEntryAuthFailed:
    """Return what a coordinator raises; only a lost sign-in starts a new one. When to try again is its own plan."""
    if isinstance(err, SignInRequiredError):
        return ConfigEntryAuthFailed(translation_domain=DOMAIN, translation_key=err.code)
    return UpdateFailed(
        translation_domain=DOMAIN,
        translation_key=err.code,
        translation_placeholders=_placeholders(err),
    )


def for_set_up(err: FleetError) -> ConfigEntryNotReady | ConfigEntryAuthFailed:
    """Return what a set-up raises that cannot go on."""
    if isinstance(err, SignInRequiredError):
        return ConfigEntryAuthFailed(translation_domain=DOMAIN, translation_key=err.code)
    return ConfigEntryNotReady(
        translation_domain=DOMAIN, translation_key=err.code, translation_placeholders=_placeholders(err)
    )


def for_action(err: FleetError) -> HomeAssistantError:
    """Return what an action or a button raises."""
    return HomeAssistantError(
        translation_domain=DOMAIN, translation_key=err.code, translation_placeholders=_placeholders(err)
    )


def for_input(err: InvalidCommandError) -> ServiceValidationError:
    """Return what an action raises that was given a value which no car takes."""
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=err.code, translation_placeholders=err.placeholders
    )


def _placeholders(err: FleetError) -> dict[str, str]:
    told = {
        "status": str(err.status or "-"),
        "minutes": str(max(1, round((err.retry_after or 60.0) / 60))),
    }
    return {**told, "reason": err.reason} if isinstance(err, CommandRefusedError) else told
