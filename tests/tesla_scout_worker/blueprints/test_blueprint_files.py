"""Each blueprint, as Home Assistant imports it."""

from blueprint_bench import BLUEPRINTS, REPO
from homeassistant.components.automation import config as automation_config
from homeassistant.components.blueprint import importer, models
from homeassistant.util import yaml as yaml_util
import pytest

FILES = sorted(BLUEPRINTS.glob("*.yaml"))
# What a person must fill in; all else has a default.
NEEDED = {
    "arrival_actions": ["car"],
    "budget_warning": ["account"],
    "charge_for_a_trip": ["car", "calendar"],
    "charge_on_arrival": ["car"],
}


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_home_assistant_takes_it_and_finds_it_where_it_says(name: str) -> None:
    """It holds to the schema of automations and of blueprints, this version suffices, and its URL is that of its file."""
    file = BLUEPRINTS / f"{name}.yaml"
    blueprint = models.Blueprint(
        yaml_util.load_yaml_dict(file),
        path=file.name,
        expected_domain="automation",
        schema=automation_config.AUTOMATION_BLUEPRINT_SCHEMA,
    )
    assert blueprint.validate() is None
    assert blueprint.metadata["homeassistant"]["min_version"] == "2026.10.0"
    raw = importer._get_github_import_url(blueprint.metadata["source_url"])
    assert raw.endswith(f"/tesla-scout-worker/main/{file.relative_to(REPO).as_posix()}")
    assert [key for key, told in blueprint.inputs.items() if "default" not in told] == NEEDED[name]
    assert all(told["name"] and told["description"] for told in blueprint.inputs.values())


def test_none_is_missing() -> None:
    assert [file.stem for file in FILES] == sorted(NEEDED)
