"""The configuration of a Home Assistant that is made for the occasion, as far as the demo and the storm have it in common."""

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any, Final

_YAML: Final = """\
homeassistant:
  name: Home
  latitude: {latitude}
  longitude: {longitude}
  radius: {radius}
  elevation: 34
  unit_system: metric
  currency: EUR
  country: DE
  language: en
  time_zone: Europe/Berlin
logger:
  default: warning
  logs:
    custom_components.tesla_scout_worker: debug
"""

# In YAML this would be a change on trial, which Home Assistant takes back after five minutes.
_HTTP: Final = {
    "cors_allowed_origins": [],
    "login_attempts_threshold": -1,
    "ip_ban_enabled": True,
    "ssl_profile": "modern",
    "use_x_frame_options": True,
    "created_at": "2026-11-01T00:00:00+00:00",
    "error": None,
    "error_message": None,
}


def write_configuration(
    folder: Path,
    home: tuple[float, float],
    radius: float,
    host: str,
    port: int,
    *integrations: str,
    more: str = "",
) -> None:
    """Write configuration.yaml and where the web server listens. home: degrees. radius: of the home zone, metres.

    integrations: what is set up beside the core, each without options. more: YAML of others.
    """
    text = _YAML.format(latitude=home[0], longitude=home[1], radius=radius)
    bare = "".join(f"{integration}:\n" for integration in integrations)
    (folder / "configuration.yaml").write_text(text + bare + more, encoding="utf-8")
    http = {**_HTTP, "server_host": [host], "server_port": port}
    write_store(folder, "http", (2, 2), {"stable": http, "pending": None, "yaml_migration_done": True})


def write_store(folder: Path, key: str, version: tuple[int, int], data: Mapping[str, Any]) -> None:
    """Write a file of `.storage` as Home Assistant's Store reads it."""
    stored = {"version": version[0], "minor_version": version[1], "key": key, "data": data}
    (folder / ".storage" / key).write_text(json.dumps(stored), encoding="utf-8")
