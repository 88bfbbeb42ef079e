"""What a newcomer does, click by click: each way looks at what it comes past."""

from typing import Final

from newcomer_eyes import Eyes
from newcomer_home import KEY_DOMAIN, Place
from playwright.async_api import Locator, Page, expect

from fleet_simulator import Fault

_PATH: Final = "/config/integrations/integration/tesla_scout_worker"
_WRONG_TOKEN: Final = "EU_" + "0" * 48
_BUDGET: Final = "7.5"
_ACCOUNT: Final = "Tesla: Scout"
_FOLLOW: Final = """
(path) => {
  history.pushState(null, "", path);
  window.dispatchEvent(new CustomEvent("location-changed", {detail: {replace: false}}));
}
"""


class Newcomer:
    """A person at a browser, in one language."""

    def __init__(self, place: Place, page: Page, eyes: Eyes) -> None:
        """Initialize."""
        self._place, self._page, self._eyes, self._words = place, page, eyes, eyes.words

    # --- small things -----------------------------------------------------------------------------

    def _own(self, name: str) -> str:
        return self._words.of_home_assistant[name]

    def _field(self, key: str) -> Locator:
        return self._page.locator(f"input[name={key}]")

    @property
    def _budget(self) -> Locator:
        """Return the field of the budget, the first of the numbers; Home Assistant gives them no names."""
        return self._page.locator("ha-selector-number input").first

    async def _press(self, *names: str) -> None:
        """Press a button by its name; several names are those of which one is there."""
        button = self._page.get_by_role("button", name=self._own(names[0]), exact=True)
        for name in names[1:]:
            button = button.or_(self._page.get_by_role("button", name=self._own(name), exact=True))
        await button.last.click()

    async def _reads(self, path: str, **names: str) -> None:
        """See a text of the integration, up to its first link or placeholder."""
        text = self._words.plain(path, **names)
        await expect(self._page.get_by_text(text).last).to_be_visible()

    async def _chooses(self, path: str) -> None:
        await self._page.get_by_text(self._words(path), exact=True).last.click()

    async def _closes(self) -> None:
        dialog = self._page.locator("dialog-data-entry-flow")
        await dialog.get_by_role("button", name=self._own("close")).first.click()
        await expect(dialog.get_by_role("button", name=self._own("submit"))).to_be_hidden()

    async def _opens(self, path: str) -> None:
        """Go to a page as a link of the frontend does, which loads nothing anew."""
        await self._page.evaluate(_FOLLOW, path)

    # --- ways -------------------------------------------------------------------------------------

    async def logs_in(self) -> None:
        """Log in with a name and a password, and go where integrations are."""
        await self._page.goto(self._place.server.url)
        await self._field("username").fill("demo")
        await self._field("password").fill("demo")
        await self._page.keyboard.press("Enter")
        await self._page.get_by_text(self._own("settings"), exact=True).first.click()
        await self._page.get_by_text(self._own("devices"), exact=True).first.click()
        await expect(self._page.get_by_role("button", name=self._own("add_integration"))).to_be_visible()

    async def _adds_integration(self) -> None:
        await self._opens("/config/integrations/dashboard")
        await self._press("add_integration")
        dialog = self._page.locator("dialog-add-integration")
        await dialog.locator("input").first.fill("Tesla Scout")
        await dialog.get_by_text("Tesla Scout & Worker").last.click()
        await self._reads("config/step/user/description")

    async def pastes_a_token(self) -> None:
        """Paste a wrong one first; then Tesla is slow, the cars are listed, and one of the two is chosen."""
        place, page = self._place, self._page
        await self._adds_integration()
        await self._eyes.look(page, "how")
        await self._chooses("config/step/user/menu_options/paste")
        await self._reads("config/step/paste/description")
        await self._eyes.look(page, "paste")
        typed = {
            "client_id": place.simulator.client_id,
            "refresh_token": _WRONG_TOKEN,
            "token_url": place.simulator.token_url,
            "api_url": place.simulator.api_url,
        }
        await self._chooses("config/step/paste/sections/advanced/name")
        for key, text in typed.items():
            await self._field(key).fill(text)
        await self._press("submit")
        await self._reads("config/error/sign_in_required")
        for key, text in typed.items():
            await expect(self._field(key)).to_have_value(text)
        await self._eyes.look(page, "wrong_token")

        await self._field("refresh_token").fill(place.pasted.issue_refresh_token())
        slow = Fault("token", "delay")
        place.simulator.faults.add(slow)
        await self._press("submit")
        await self._reads("config/progress/sign_in")
        await self._eyes.look(page, "asking")
        slow.release()
        await self._reads("config/step/cars/description")
        await self._eyes.look(page, "cars")
        await page.get_by_text("Worker", exact=True).last.click()
        await self._press("submit")
        await self._finishes(_ACCOUNT, "Scout")

    async def _finishes(self, *devices: str) -> None:
        """See the devices of a new account by their names, and leave them as they are."""
        button = self._page.get_by_role("button", name=self._own("skip"), exact=True)
        await button.wait_for()
        names = self._page.locator("step-flow-create-entry input:not([role=combobox])")
        await expect(names).to_have_count(len(devices))
        assert sorted([await name.input_value() for name in await names.all()]) == sorted(devices)
        await self._eyes.look(self._page, "devices")
        await button.click()

    async def signs_in(self) -> None:
        """Sign in with an app of one's own, at Tesla's page in another window."""
        place, page = self._place, self._page
        await self._adds_integration()
        await self._chooses("config/step/user/menu_options/sign_in")
        credential = self._words("application_credentials/description").partition("[")[0]
        await expect(page.get_by_text(credential.strip())).to_be_visible()
        # What is entered at Tesla must be what the browser is sent back to.
        await expect(page.get_by_text(f"{place.server.url}/auth/external/callback")).to_be_visible()
        await self._eyes.look(page, "credentials")
        for key, text in (
            ("name", "My app"),
            ("clientId", place.simulator.client_id),
            ("clientSecret", place.simulator.client_secret),
        ):
            await self._field(key).fill(text)
        await self._press("add_credential")
        await self._reads("config/step/user/description")
        await self._chooses("config/step/user/menu_options/sign_in")
        await self._reads("config/step/sign_in/description")
        await self._eyes.look(page, "sign_in")
        await self._chooses("config/step/sign_in/sections/advanced/name")
        await self._field("authorize_url").fill(place.simulator.authorize_url)
        await self._field("token_url").fill(place.simulator.token_url)
        await self._field("api_url").fill(place.simulator.api_url)
        async with page.expect_popup() as opening:
            await self._press("submit")
        tesla = await opening.value
        await tesla.locator("select[name=account]").select_option(place.signed_in.name)
        await tesla.get_by_role("button", name="Allow").click()
        await self._finishes("Tesla: Grandma", "Grandma")

    async def looks_at_devices(self) -> None:
        """Look at the account's page and the car's."""
        for name, file, text in (
            ("Scout", "car", "entity/button/look_now/name"),
            (_ACCOUNT, "account", "entity/sensor/spending/name"),
        ):
            await self._opens(f"/config/devices/device/{await self._place.device(name)}")
            await self._reads(text)
            await self._eyes.look(self._page, file)

    async def _opens_options(self) -> None:
        await self._opens(_PATH)
        await self._page.get_by_role("button", name=self._own("configure")).first.click()
        await self._reads("options/step/init/description")

    async def changes_options(self) -> None:
        """Come past all of them; a budget that is changed is what is shown the next time."""
        page = self._page
        await self._opens_options()
        await self._eyes.look(page, "options")
        await self._chooses("options/step/init/menu_options/settings")
        await self._reads("options/step/settings/description")
        await self._eyes.look(page, "settings")
        await self._budget.fill(_BUDGET)
        await self._press("submit")
        await self._press("close", "finish")
        for option, step in (
            ("price_source", "price_source"),
            ("eyes", "car_eyes"),
            ("worker", "worker"),
            ("commands", "commands"),
            ("settings", "settings"),
        ):
            await self._opens_options()
            await self._chooses(f"options/step/init/menu_options/{option}")
            await self._reads(f"options/step/{step}/description", name="Scout")
            if option == "settings":
                await expect(self._budget).to_have_value(_BUDGET)
            else:
                await self._eyes.look(page, option)
            if option == "price_source":
                await self._chooses("options/step/price_source/menu_options/price_tariff")
                await self._reads("options/step/price_tariff/description")
                await self._eyes.look(page, "tariff")
            await self._closes()

    async def mends(self) -> None:
        """Walk through the repair of a command that the car does not take, until it knows the key."""
        place, page = self._place, self._page
        await place.refuses_a_command()
        await self._opens("/config/repairs")
        names = {"account": _ACCOUNT, "name": "Scout"}
        title = self._words("issues/key_not_paired/title", **names)
        await page.get_by_text(title).first.click()
        steps = "issues/key_not_paired/fix_flow"
        await self._reads(f"{steps}/step/check/title", **names)
        await expect(page.get_by_role("link", name=f"https://tesla.com/_ak/{KEY_DOMAIN}")).to_be_visible()
        await self._eyes.look(page, "repair")
        await self._press("submit")
        await self._reads(f"{steps}/error/not_yet")
        await self._eyes.look(page, "repair_not_yet")
        place.car.keyring.pair(place.key)
        place.car.key_paired = True
        await self._press("submit")
        await self._press("close", "finish")
        await expect(page.get_by_text(title)).to_have_count(0)

    async def opens_dashboard(self) -> None:
        """Paste what the action answers into a dashboard of its own."""
        dashboard = await self._place.server.act("get_dashboard")
        path = f"scout-{self._words.language}"
        await self._place.server.show(path, "Scout", "mdi:car-electric", dashboard)
        await self._page.locator(f'a[href="/{path}"]').click()
        await self._reads("common/dashboard_charging")
        await self._eyes.look(self._page, "dashboard")
