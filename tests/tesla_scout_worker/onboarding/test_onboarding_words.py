"""Each field and each trouble of the onboarding has its words, and each word that stands for something is filled in."""

import json
from pathlib import Path
from string import Formatter
from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from onboarding_bench import OnlySteps, app_of, fields, steps_of
import pytest

import custom_components.tesla_scout_worker as integration
from custom_components.tesla_scout_worker.fleet.partner import RegistrationRefusedError, SecretRefusedError
from custom_components.tesla_scout_worker.onboarding_flow import _OBSTACLES, Draft, Trouble
from custom_components.tesla_scout_worker.virtual_key import async_key_cabinet
from fleet_simulator import FleetSimulator

FOLDER = Path(integration.__file__).parent / "translations"
WORDS: dict[str, Any] = {
    language: json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))["config"]
    for language in ("en", "pl")
}
PLACE = {"key_url": "https://home.example.com/x"}
TROUBLES = [
    Trouble("invalid_domain"),
    *(Trouble(code, PLACE, is_hosting=True) for code in _OBSTACLES.values()),
    Trouble("key_not_served", {**PLACE, "status": "404"}, is_hosting=True),
    Trouble("key_differs", PLACE, is_hosting=True),
    Trouble(SecretRefusedError.code),
    Trouble("app_without_secret"),
    Trouble("still_not_registered", {"region": "eu"}),
    Trouble(RegistrationRefusedError.code, {"status": "412", "answer": "no"}),
    Trouble("registration_later"),
    Trouble("virtual_key_damaged"),
    Trouble("virtual_key_not_saved"),
]


@pytest.fixture
async def steps(hass: HomeAssistant, simulator: FleetSimulator) -> OnlySteps:
    """Come to the steps with a domain that is registered."""
    await (await async_key_cabinet(hass)).async_registered("home.example.com")
    return steps_of(hass, app_of(hass, simulator, client_secret=""))


def check(shown: ConfigFlowResult, language: str) -> None:
    """Check that a form's texts are there and can be filled in."""
    words = WORDS[language]
    step = words["step"][shown["step_id"]]
    assert set(fields(shown)) <= set(step["data"])
    assert set(step["data"]) == set(step["data_description"])
    texts = [step["title"], step["description"], *step["data"].values(), *step["data_description"].values()]
    texts += [words["error"][code] for code in (shown["errors"] or {}).values()]
    needed = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name is not None}
    assert needed <= set(shown["description_placeholders"] or {})
    assert set((shown["errors"] or {}).keys()) <= {"base", *fields(shown)}


@pytest.mark.parametrize("language", ["en", "pl"])
@pytest.mark.parametrize(
    "trouble", [None, *TROUBLES], ids=lambda trouble: trouble.code if trouble else "none"
)
async def test_each_form_can_be_read(steps: OnlySteps, language: str, trouble: Trouble | None) -> None:
    """With each trouble that it can tell of."""
    assert steps.app
    draft = Draft("home.example.com", serve_key=False)
    check(steps._form_register(steps.app, draft, trouble), language)
    if trouble is None or trouble.is_hosting:
        check(await steps._form_host_key(draft, trouble), language)
    check(await steps.async_step_pair(), language)


async def test_no_field_is_described_in_vain(steps: OnlySteps) -> None:
    """Each that is described can be shown."""
    assert steps.app
    draft, trouble = Draft("", serve_key=False), Trouble("key_differs", PLACE, is_hosting=True)
    forms = [
        steps._form_register(steps.app, draft, trouble),
        await steps._form_host_key(draft, trouble),
        await steps.async_step_pair(),
    ]
    for shown in forms:
        assert set(WORDS["en"]["step"][shown["step_id"]]["data"]) == set(fields(shown))
