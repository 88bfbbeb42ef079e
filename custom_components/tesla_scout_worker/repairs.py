"""The dialogs of repairs: each says what it will do and what that costs, does it, and looks whether it helped."""

import logging
from math import ceil
from typing import Any, Final

from homeassistant.components.repairs import FlowType, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntryState,
    ConfigFlowContext,
    OperationNotAllowed,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    QrCodeSelector,
    QrCodeSelectorConfig,
    QrErrorCorrectionLevel,
)
import voluptuous as vol

from .command_options import CONF_TRANSPORT
from .const import (
    CONF_COMMANDS,
    CONF_HOME_ZONE,
    CONF_HOME_ZONES,
    CONF_MONTHLY_BUDGET,
    CONF_VEHICLES,
    CONF_WATCHED,
    DOMAIN,
)
from .data import Car, ScoutWorkerConfigEntry
from .fleet.commands import Transports
from .fleet.errors import FleetError
from .issues import WAYS, car_id
from .mending import CHECKS
from .onboarding_flow import CONF_QR_CODE
from .scout.home import current_zone
from .settings import Options
from .thrift import SCOUT_SHARE
from .virtual_key import VirtualKeyError, async_key_cabinet

_LOGGER = logging.getLogger(__name__)

_MOST_A_MONTH: Final = 1_000.0
# Budgets are typed in steps of so many dollars, and a month that was too dear once is offered so much more.
_STEP: Final = 0.5
_MORE: Final = 1.5
_ERROR: Final = "base"
_GO_ON: Final = "go_on"
_WAITS: Final = "waits"


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the dialog of a repair."""
    return MendingFlow(data or {})


class MendingFlow(RepairsFlow):
    """Offers the ways of a kind of repair; where there is one only, that one at once."""

    def __init__(self, about: dict[str, str | int | float | None]) -> None:
        """Initialize. about: what the repair was raised with."""
        self._kind = str(about.get("kind"))
        self._entry_id = str(about.get("entry_id"))
        self._about = about.get("about")
        self._is_chosen = False

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask in which way, where there are several."""
        if self._entry is None:
            return self._mended()
        ways = [
            way for way in WAYS[self._kind] if way != "stop_watching" or len(self._others(self._entry)) > 0
        ]
        if len(ways) > 1:
            self._is_chosen = True
            return self.async_show_menu(
                step_id="init", menu_options=ways, description_placeholders=self._words
            )
        step: RepairsFlowResult = await getattr(self, f"async_step_{ways[0]}")()
        return step

    # --- looking again ----------------------------------------------------------------------------

    async def async_step_check(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Look whether it is mended, as the form says."""
        trouble = None if user_input is None else await self._async_trouble()
        if self._is_gone:
            return self._mended()
        fields: dict[Any, Any] = {}
        if self._kind == "key_not_paired":
            fields[vol.Optional(CONF_QR_CODE)] = QrCodeSelector(
                QrCodeSelectorConfig(
                    data=self._words["pairing_url"],
                    scale=6,
                    error_correction_level=QrErrorCorrectionLevel.QUARTILE,
                )
            )
        return self._form("check", fields, trouble)

    async def _async_trouble(self) -> str | None:
        """Look; return what is to be told on the form, None where the repair is gone."""
        entry = self._entry
        if entry is None or self._is_gone:
            return None
        try:
            if entry.state is not ConfigEntryState.LOADED:
                # Its set-up asks what it needs, which is not billed.
                await self.hass.config_entries.async_reload(entry.entry_id)
            if entry.state is ConfigEntryState.LOADED and not self._is_gone:
                await CHECKS[self._kind](self.hass, entry, self._car(entry))
        except FleetError as err:
            _LOGGER.debug("The repair %s is not mended: %s", self._kind, err)
            return None if self._is_gone else ("not_now" if err.is_transient else "not_yet")
        except OperationNotAllowed:
            return "not_now"
        return None if self._is_gone else "not_yet"

    # --- another dialog ---------------------------------------------------------------------------

    async def async_step_sign_in(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Go on in the dialog that signs in anew."""
        return await self._async_go_on("sign_in", SOURCE_REAUTH, user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Go on in the dialog that changes the sign-in or the app."""
        return await self._async_go_on("reconfigure", SOURCE_RECONFIGURE, user_input)

    async def async_step_register(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Go on in the dialog that registers the app and pairs its key."""
        return await self._async_go_on("register", SOURCE_RECONFIGURE, user_input, option="register")

    async def _async_go_on(
        self, step_id: str, source: str, user_input: dict[str, Any] | None, *, option: str | None = None
    ) -> RepairsFlowResult:
        """Open a dialog of the integration. The repair stays until that has mended it. option: of its menu."""
        entry, flows = self._entry, self.hass.config_entries.flow
        if entry is None or self._is_gone:
            return self._mended()
        if user_input is None and not self._is_chosen:
            return self._form(step_id, {})
        # Home Assistant has opened it, as a rule, when the sign-in was lost.
        is_open = entry.async_get_active_flows(self.hass, {source}) if source == SOURCE_REAUTH else ()
        flow_id = next((flow["flow_id"] for flow in is_open), None)
        if flow_id is None:
            context = ConfigFlowContext(
                source=source, entry_id=entry.entry_id, title_placeholders={"name": entry.title}
            )
            data = entry.data if source == SOURCE_REAUTH else None
            opened = await flows.async_init(DOMAIN, context=context, data=data)
            flow_id = opened["flow_id"]
            if option:
                await flows.async_configure(flow_id, {"next_step_id": option})
        return self.async_abort(reason=_GO_ON, next_flow=(FlowType.CONFIG_FLOW, flow_id))

    # --- other wishes -----------------------------------------------------------------------------

    async def async_step_raise_budget(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Let the month cost more."""
        entry = self._entry
        if entry is None or self._is_gone or entry.state is not ConfigEntryState.LOADED:
            return self._mended()
        budget = entry.runtime_data.budget
        trouble = None
        if user_input is not None:
            wished = float(user_input[CONF_MONTHLY_BUDGET])
            if wished * SCOUT_SHARE >= budget.cost_this_month + budget.prices.data:
                return await self._async_wish(entry, {CONF_MONTHLY_BUDGET: wished})
            trouble = "too_little"
        enough = max(budget.monthly_budget * _MORE, budget.cost_this_month / SCOUT_SHARE + _STEP)
        suggested = min(ceil(enough / _STEP) * _STEP, _MOST_A_MONTH)
        box = NumberSelector(
            NumberSelectorConfig(
                min=0, max=_MOST_A_MONTH, step=_STEP, unit_of_measurement="USD", mode=NumberSelectorMode.BOX
            )
        )
        return self._form(
            "raise_budget", {vol.Required(CONF_MONTHLY_BUDGET, default=suggested): box}, trouble
        )

    async def async_step_wait(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Leave it as it is: the repair is not shown again until it comes up anew."""
        if not self._is_gone:
            ir.async_ignore_issue(self.hass, DOMAIN, self.issue_id, ignore=True)
        return self.async_abort(reason=_WAITS)

    async def async_step_choose_zones(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Choose which zones are home."""
        entry = self._entry
        if entry is None or self._is_gone:
            return self._mended()
        trouble = None
        if user_input is not None:
            zones = user_input.get(CONF_HOME_ZONES, [])
            if zones and all(current_zone(self.hass, zone) for zone in zones):
                return await self._async_wish(entry, {CONF_HOME_ZONES: zones}, drop=CONF_HOME_ZONE)
            trouble = "no_zone_chosen"
        left = [
            zone
            for zone in Options.from_options(entry.options).home_zones
            if current_zone(self.hass, zone) is not None
        ]
        field = vol.Required(CONF_HOME_ZONES, default=left)
        picker = EntitySelector(EntitySelectorConfig(domain="zone", multiple=True))
        return self._form("choose_zones", {field: picker}, trouble)

    async def async_step_stop_watching(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Look after the other cars only."""
        entry = self._entry
        if entry is None or self._is_gone:
            return self._mended()
        if user_input is None:
            return self._form("stop_watching", {})
        return await self._async_wish(entry, {CONF_WATCHED: self._others(entry)})

    async def async_step_sign_here(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Let Home Assistant sign commands with the key of the app; without one, go on to where it is made."""
        entry = self._entry
        if entry is None or self._is_gone:
            return self._mended()
        if user_input is None:
            return self._form("sign_here", {})
        commands = {**entry.options.get(CONF_COMMANDS, {}), CONF_TRANSPORT: Transports.SIGNED.value}
        mended = await self._async_wish(entry, {CONF_COMMANDS: commands})
        try:
            has_key = (await async_key_cabinet(self.hass)).domain is not None
        except VirtualKeyError:
            has_key = False
        if has_key:
            return mended
        going_on = await self._async_go_on("register", SOURCE_RECONFIGURE, {}, option="register")
        ir.async_delete_issue(self.hass, DOMAIN, self.issue_id)
        return going_on

    async def _async_wish(
        self, entry: ScoutWorkerConfigEntry, changes: dict[str, Any], *, drop: str | None = None
    ) -> RepairsFlowResult:
        """Change options, which takes effect at once."""
        kept = {key: value for key, value in entry.options.items() if key != drop}
        self.hass.config_entries.async_update_entry(entry, options=kept | changes)
        await self.hass.config_entries.async_reload(entry.entry_id)
        return self._mended()

    # --- inside -----------------------------------------------------------------------------------

    @property
    def _entry(self) -> ScoutWorkerConfigEntry | None:
        return self.hass.config_entries.async_get_entry(self._entry_id)

    def _car(self, entry: ScoutWorkerConfigEntry) -> Car | None:
        cars = entry.runtime_data.cars
        return next((car for vin, car in cars.items() if car_id(entry, vin) == self._about), None)

    def _others(self, entry: ScoutWorkerConfigEntry) -> list[str]:
        """Return the VINs of the cars that are looked after, without the one of which the repair is."""
        watches = Options.from_options(entry.options).watches
        known = entry.data.get(CONF_VEHICLES, {})
        return [vin for vin in known if watches(vin) and car_id(entry, vin) != self._about]

    @property
    def _issue(self) -> ir.IssueEntry | None:
        return ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)

    @property
    def _is_gone(self) -> bool:
        """Return whether the repair was taken back: what it spoke of has mended itself, or was mended just now."""
        return self._issue is None

    @property
    def _words(self) -> dict[str, str]:
        issue = self._issue
        return dict((issue.translation_placeholders if issue else None) or {})

    def _form(self, step_id: str, fields: dict[Any, Any], trouble: str | None = None) -> RepairsFlowResult:
        return self.async_show_form(
            step_id=step_id,
            data_schema=vol.Schema(fields),
            errors={_ERROR: trouble} if trouble else {},
            description_placeholders=self._words,
        )

    def _mended(self) -> RepairsFlowResult:
        return self.async_create_entry(data={})
