"""The token endpoint: rotation, codes, and JWTs whose claims are Tesla's (third-party-tokens page)."""

from collections.abc import Callable
import secrets
from typing import Any
from urllib.parse import parse_qsl
import uuid

import jwt

from .account import AccessToken, Account, Code, Outcome, Reason, RefreshRecord, RefreshToken, refusal
from .wire import Answer, Call

FORM = "application/x-www-form-urlencoded"


class Auth:
    """Tesla's sign-in server, for one client.

    refreshes: every request with a refresh token, those with unknown ones too. refresh_revokes_access: a refresh kills
    older access tokens at once; an early notice of Tesla said so, developers did not see it.
    """

    def __init__(self, clock: Callable[[], float], urls: Callable[[], dict[str, str]]) -> None:
        self.client_id = "sim-client"
        self.client_secret = "sim-secret"  # noqa: S105 - the simulator's own, worth nothing
        self.refresh_revokes_access = False
        self.refreshes: list[RefreshRecord] = []
        self._clock = clock
        self._urls = urls
        self._key = secrets.token_hex(32)
        self._accounts: list[Account] = []
        self._access: dict[str, AccessToken] = {}
        self._codes: dict[str, Code] = {}

    def register(self, account: Account) -> None:
        """Let an account sign in here."""
        self._accounts.append(account)

    def keep_code(self, value: str, code: Code) -> None:
        """Remember a code until it is exchanged."""
        self._codes[value] = code

    def access(self, bearer: str) -> AccessToken | None:
        """Return what is known of an access token, dead or alive."""
        return self._access.get(bearer)

    def mint(self, account: Account) -> str:
        """Return a new access token for an account. RuntimeError when the simulator has never been started."""
        urls = self._urls()
        now = self._clock()
        expires = now + account.access_token_lifetime
        hosts = ["cn"] if account.region == "cn" else ["na", "eu"]
        claims: dict[str, Any] = {
            "iss": f"{urls['auth']}/oauth2/v3/nts",
            "azp": self.client_id,
            "sub": account.sub,
            "aud": [*(urls[host] for host in hosts), f"{urls['auth']}/oauth2/v3/userinfo"],
            "scp": sorted(account.scopes),
            "ou_code": account.region.upper(),
            "iat": int(now),
            "exp": int(expires),
            "jti": uuid.uuid4().hex,
        }
        value = jwt.encode(claims, self._key, algorithm="HS256")
        token = AccessToken(account, frozenset(account.scopes), now, expires)
        account.access_tokens.append(token)
        self._access[value] = token
        return value

    def token(self, call: Call) -> Answer:
        """Answer POST /oauth2/v3/token."""
        if call.content_type != FORM:
            return _refused(400, "invalid_request", f"Content-Type must be {FORM}")
        form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
        grant_type = form.get("grant_type")
        if not grant_type or not form.get("client_id"):
            return _refused(400, "invalid_request", "grant_type and client_id are required")
        if grant_type not in {"refresh_token", "authorization_code"}:
            return _refused(400, "unsupported_grant_type", f"Unsupported grant_type {grant_type}")
        secret_fits = grant_type == "refresh_token" or form.get("client_secret") == self.client_secret
        if form["client_id"] != self.client_id or not secret_fits:
            text = "We don't recognize this client_id and client_secret combination"
            return _refused(400, "unauthorized_client", text)
        return (
            self._refresh(form, call.time)
            if grant_type == "refresh_token"
            else self._exchange(form, call.time)
        )

    def _refresh(self, form: dict[str, str], now: float) -> Answer:
        value = form.get("refresh_token")
        if not value:
            return _refused(400, "invalid_request", "refresh_token is required")
        token = self._find(value)
        if token is None:
            self.refreshes.append(RefreshRecord(now, -1, -1, "login_required", "unknown"))
            return _refused(401, "login_required", "The refresh_token is invalid")
        reason = refusal(token, now)
        if reason:
            self._record(token, now, "login_required", reason)
            return _refused(401, "login_required", "Login required")
        self._record(token, now, "rotated" if token.first_used is None else "grace", "")
        if token.first_used is None:
            token.first_used = now
        token.grant.last_used = token
        account = token.grant.account
        if self.refresh_revokes_access:
            account.revoke_access_tokens()
        return self._granted(account, token.grant.born(token.generation + 1, now).value)

    def _exchange(self, form: dict[str, str], now: float) -> Answer:
        if not form.get("audience"):
            return _refused(400, "invalid_request", "audience is required")
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or now >= code.expires:
            return _refused(
                400, "invalid_auth_code", "The 'code' in request body is invalid, generate a new one"
            )
        if form.get("redirect_uri") != code.redirect_uri:
            return _refused(
                400, "invalid_redirect_url", "redirect_uri does not match the one of the authorization"
            )
        account = code.account
        return self._granted(
            account, account.issue_refresh_token() if "offline_access" in account.scopes else None
        )

    def _granted(self, account: Account, refresh_token: str | None) -> Answer:
        body: dict[str, Any] = {
            "access_token": self.mint(account),
            "expires_in": int(account.access_token_lifetime),
            "token_type": "Bearer",
        }
        if refresh_token is not None:
            body["refresh_token"] = refresh_token
        if "openid" in account.scopes:
            claims = {"sub": account.sub, "aud": self.client_id, "iat": int(self._clock())}
            body["id_token"] = jwt.encode(claims, self._key, algorithm="HS256")
        return Answer(200, body)

    def _find(self, value: str) -> RefreshToken | None:
        for account in self._accounts:
            for grant in account.grants:
                for token in grant.tokens:
                    if token.value == value:
                        return token
        return None

    def _record(self, token: RefreshToken, now: float, outcome: Outcome, reason: Reason) -> None:
        record = RefreshRecord(now, token.grant.number, token.index, outcome, reason)
        self.refreshes.append(record)
        token.grant.account.refreshes.append(record)


def _refused(status: int, error: str, description: str) -> Answer:
    return Answer(status, {"error": error, "error_description": description})
