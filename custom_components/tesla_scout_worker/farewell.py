"""What an owner is told when an account was deleted: what stays at Tesla, and where to take it back.

Home Assistant cannot revoke it: Tesla has a page for that, and no request. Home Assistant's dialog for deleting has no
place for words of an integration, and a repair would speak of an account that is not there any more.
"""

from typing import Final

from homeassistant.components import persistent_notification
from homeassistant.const import CONF_CLIENT_ID
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_translations
from yarl import URL

from .const import DOMAIN
from .data import ScoutWorkerConfigEntry
from .settings import Endpoints

_ID: Final = f"{DOMAIN}_removed"
# https://developer.tesla.com/docs/fleet-api/authentication/third-party-tokens
_REVOKE_PATH: Final = "/user/revoke/consent"


async def async_bid_farewell(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> None:
    """Tell in a notification, in Home Assistant's language; it is gone when it is read, or with a restart."""
    words = await async_get_translations(hass, hass.config.language, "common", {DOMAIN})
    title, message = (words.get(f"component.{DOMAIN}.common.removed_{part}") for part in ("title", "message"))
    if title and message:
        message = message.format(account=entry.title, revoke_url=revoke_url(entry))
        persistent_notification.async_create(hass, message, title.format(account=entry.title), _id(entry))


@callback
def async_take_back_farewell(hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> None:
    """Say no more how to revoke what an account needs that was added anew."""
    persistent_notification.async_dismiss(hass, _id(entry))


def _id(entry: ScoutWorkerConfigEntry) -> str:
    """Return the id of an account's notification, the same when it is added again."""
    return f"{_ID}_{entry.unique_id or entry.entry_id}"


def revoke_url(entry: ScoutWorkerConfigEntry) -> str:
    """Return Tesla's page on which the owner takes back what he granted to his app."""
    page = URL(Endpoints.from_data(entry.data).authorize_url)
    return str(page.origin().with_path(_REVOKE_PATH).with_query(revoke_client_id=entry.data[CONF_CLIENT_ID]))
