"""What people paste instead of a refresh token of the Fleet API: told apart on the form, mostly without a request."""

import json
from typing import Any

from bench import form, open_paste, settle
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import jwt
import pytest

from custom_components.tesla_scout_worker.flow_forms import wrong_token
from fleet_simulator import Account, FleetSimulator

FLEET = ["https://fleet-api.prd.na.vn.cloud.tesla.com", "https://fleet-api.prd.eu.vn.cloud.tesla.com"]
OWNER = "https://owner-api.teslamotors.com/"


def token_of(**claims: Any) -> str:
    """Return a JWT that says so."""
    return jwt.encode({"sub": "account", **claims}, "x" * 32, algorithm="HS256")


ACCESS_TOKEN = token_of(aud=FLEET, scp=["openid", "vehicle_device_data"], exp=1)
OLD_REFRESH_TOKEN = token_of(
    aud="https://auth.tesla.com/oauth2/v3/token", scp=["openid", "offline_access"], data={"azp": "my-app"}
)
OWNER_REFRESH_TOKEN = token_of(
    aud="https://auth.tesla.com/oauth2/v3/token", scp=["openid"], data={"aud": OWNER, "azp": "ownerapi"}
)


@pytest.mark.parametrize(
    ("pasted", "error"),
    [
        pytest.param(ACCESS_TOKEN, "access_token_pasted", id="access token"),
        pytest.param(f'  "{ACCESS_TOKEN}"\n', "access_token_pasted", id="access token with quotes"),
        pytest.param(f"Bearer {ACCESS_TOKEN}", "access_token_pasted", id="header"),
        pytest.param("Bearer EU_0123456789", "access_token_pasted", id="header of another token"),
        pytest.param(token_of(aud="https://a.example", scp=["openid"]), "access_token_pasted", id="scopes"),
        pytest.param(token_of(aud=FLEET[0]), "access_token_pasted", id="audience"),
        pytest.param(token_of(aud=[OWNER], azp="ownerapi", scp=["openid"]), "owner_api_token", id="owner API: access"),
        pytest.param(OWNER_REFRESH_TOKEN, "owner_api_token", id="owner API: refresh"),
        pytest.param("", "malformed_token", id="nothing"),
        pytest.param(' "" \n', "malformed_token", id="quotes"),
        pytest.param(json.dumps({"refresh_token": "EU_0123", "expires_in": 1}), "malformed_token", id="JSON"),
        pytest.param("refresh_token: EU_0123", "malformed_token", id="a line of YAML"),
        pytest.param("EU_0123…", "malformed_token", id="cut off by a program"),
        pytest.param("EU_0123żółć", "malformed_token", id="letters from elsewhere"),
        pytest.param("EU_0123\x00", "malformed_token", id="a zero"),
    ],
)  # fmt: skip
async def test_told_without_a_request(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, car: object, pasted: str, error: str
) -> None:
    """Each has its own message; the form stays, and a good token succeeds on it."""
    flow_id = await open_paste(hass)
    result = await hass.config_entries.flow.async_configure(flow_id, form(simulator, pasted))
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": error}
    assert simulator.requests == []
    typed = form(simulator, account.issue_refresh_token())
    result = await hass.config_entries.flow.async_configure(flow_id, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)


@pytest.mark.parametrize(
    "pasted",
    [
        "EU_0123456789abcdef",
        "\t'NA_0123 4567\n89'  ",
        OLD_REFRESH_TOKEN,
        token_of(iss="https://auth.tesla.com/oauth2/v3"),
        "eyJ.eyJ.x",
        "eyJhbGciOiJIUzI1NiJ9.bm8ganNvbg.x",
        "eyJhbGciOiJIUzI1NiJ9.W10.x",
        "eyJhbGciOiJub25lIn0..",
        "ab-._~+/12==",
    ],
)
async def test_what_could_be_one_is_tried(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account, pasted: str
) -> None:
    """Refresh tokens of before 2024 were JWTs too; white space and quotes come along with a copy. Tesla decides."""
    assert wrong_token(pasted) is None
    flow_id = await open_paste(hass)
    result = await hass.config_entries.flow.async_configure(flow_id, form(simulator, pasted))
    assert result["errors"] == {"base": "sign_in_required"}
    assert [record.kind for record in simulator.requests] == ["token"]


async def test_the_accounts_own_access_token_is_told(
    hass: HomeAssistant, simulator: FleetSimulator, account: Account
) -> None:
    """As the simulator makes it, and so as Tesla does."""
    pasted = account.issue_access_token()
    result = await hass.config_entries.flow.async_configure(await open_paste(hass), form(simulator, pasted))
    assert result["errors"] == {"base": "access_token_pasted"}
    assert simulator.requests == []
    assert pasted not in str({key: item for key, item in result.items() if key != "data_schema"})
