"""The token endpoint: rotation, codes, and JWTs whose claims are Tesla's (third-party and partner tokens pages)."""

from collections.abc import Callable
import secrets
from typing import Any
from urllib.parse import parse_qsl
import uuid

import jwt

from .account import AccessToken, Account, Code, Outcome, Reason, RefreshRecord, RefreshToken, Region, refusal
from .pkce import fits
from .wire import Answer, Call

FORM = "application/x-www-form-urlencoded"
GRANT_TYPES = ("authorization_code", "client_credentials", "refresh_token")
PARTNER_TOKEN_LIFETIME_S = 28800
REGIONS: tuple[Region, ...] = ("na", "eu", "cn")


class Auth:
    """Tesla's sign-in server, for one client.

    refreshes: every request with a refresh token, those with unknown ones too. refresh_revokes_access: a refresh kills
    older access tokens at once; an early notice of Tesla said so, developers did not see it.
    redirect_uris: those the app has registered, None for any. has_secret: off for an app without a secret (Tesla's
    open-source apps), which is then asked for nowhere. pkce_supported: off, a code_challenge is ignored, as by a server
    that knows no PKCE; Tesla documents none.
    """

    def __init__(self, clock: Callable[[], float], urls: Callable[[], dict[str, str]]) -> None:
        self.client_id = "sim-client"
        self.client_secret = "sim-secret"  # noqa: S105 - the simulator's own, worth nothing
        self.app_name = "Simulated App"
        self.redirect_uris: set[str] | None = None
        self.has_secret = True
        self.pkce_supported = True
        self.refresh_revokes_access = False
        self.refreshes: list[RefreshRecord] = []
        self.accounts: list[Account] = []
        self._clock = clock
        self._urls = urls
        self._key = secrets.token_hex(32)
        self._access: dict[str, AccessToken] = {}
        self._partners: dict[str, tuple[Region, float]] = {}
        self._codes: dict[str, Code] = {}

    def register(self, account: Account) -> None:
        """Let an account sign in here."""
        self.accounts.append(account)

    def keep_code(self, value: str, code: Code) -> None:
        """Remember a code."""
        self._codes[value] = code

    def access(self, bearer: str) -> AccessToken | None:
        """Return what is known of an access token, dead or alive; a partner's is none."""
        return self._access.get(bearer)

    def partner_region(self, bearer: str, now: float) -> Region | None:
        """Return the region that a partner token was made for, None for a dead one and for any other token."""
        region, expires = self._partners.get(bearer, (None, 0.0))
        return region if now < expires else None

    def all_secrets(self) -> set[str]:
        """Return every token and code there ever was, dead or alive, and the client's secret."""
        refresh_tokens = (
            token.value for account in self.accounts for grant in account.grants for token in grant.tokens
        )
        return {
            self.client_secret,
            *refresh_tokens,
            *self._access,
            *self._partners,
            *self._codes,
        }

    def mint(self, account: Account) -> str:
        """Return a new access token for an account. RuntimeError when the simulator has never been started."""
        urls = self._urls()
        now = self._clock()
        expires = now + account.access_token_lifetime
        hosts = ["cn"] if account.region == "cn" else ["na", "eu"]
        value = self._signed(
            {
                "sub": account.sub,
                "aud": [*(urls[host] for host in hosts), f"{urls['auth']}/oauth2/v3/userinfo"],
                "scp": sorted(account.scopes),
                "ou_code": account.region.upper(),
                "exp": int(expires),
            }
        )
        token = AccessToken(account, frozenset(account.scopes), now, expires)
        account.access_tokens.append(token)
        self._access[value] = token
        return value

    def redeem(self, refresh_token: str) -> str | None:
        """Use a refresh token without a request and return its successor, None where it is refused."""
        answer = self._refresh({"refresh_token": refresh_token}, self._clock())
        successor: str | None = answer.body.get("refresh_token")
        return successor

    def token(self, call: Call) -> Answer:
        """Answer POST /oauth2/v3/token."""
        if call.content_type != FORM:
            return _refused(400, "invalid_request", f"Content-Type must be {FORM}")
        form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
        grant_type = form.get("grant_type")
        if not grant_type or not form.get("client_id"):
            return _refused(400, "invalid_request", "grant_type and client_id are required")
        if grant_type not in GRANT_TYPES:
            return _refused(400, "unsupported_grant_type", f"Unsupported grant_type {grant_type}")
        if form["client_id"] != self.client_id or not self._secret_fits(grant_type, form):
            text = "We don't recognize this client_id and client_secret combination"
            return _refused(400, "unauthorized_client", text)
        match grant_type:
            case "refresh_token":
                return self._refresh(form, call.time)
            case "client_credentials":
                return self._partner(form, call.time)
            case _:
                return self._exchange(form, call.time)

    def _secret_fits(self, grant_type: str, form: dict[str, str]) -> bool:
        """Return whether the secret is the right one, or is rightly left out.

        Tesla wants none to refresh. A code with a challenge is proved by its verifier; a secret beside it must be right.
        """
        secret = form.get("client_secret")
        match grant_type:
            case "refresh_token":
                return True
            case "client_credentials":
                return self.has_secret and secret == self.client_secret
            case _:
                code = self._codes.get(form.get("code", ""))
                proved = code is not None and self._challenge(code) is not None
                return not self.has_secret or secret == self.client_secret or (proved and secret is None)

    def _challenge(self, code: Code) -> str | None:
        return code.challenge if self.pkce_supported else None

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
        code = self._codes.get(form.get("code", ""))
        if code is None or code.spent or now >= code.expires:
            return _refused(
                400, "invalid_auth_code", "The 'code' in request body is invalid, generate a new one"
            )
        code.spent = True
        if form.get("redirect_uri") != code.redirect_uri:
            return _refused(
                400, "invalid_redirect_url", "redirect_uri does not match the one of the authorization"
            )
        # A verifier without a challenge is refused too: somebody took the challenge off the way (RFC 9700, 4.8.2).
        if self.pkce_supported and not fits(form.get("code_verifier"), code.challenge):
            return _refused(
                400, "invalid_grant", "code_verifier does not match the code_challenge of the authorization"
            )
        account = code.account
        return self._granted(account, account.issue_refresh_token() if code.offline else None)

    def _partner(self, form: dict[str, str], now: float) -> Answer:
        """Answer an app that asks for a token of its own: for one audience, without a refresh token."""
        urls = self._urls()
        region = next((region for region in REGIONS if urls[region] == form.get("audience")), None)
        scopes = form.get("scope", "").split()
        if region is None or not scopes:
            return _refused(
                400, "invalid_request", "scope, and a Fleet API base URL as audience, are required"
            )
        expires = now + PARTNER_TOKEN_LIFETIME_S
        value = self._signed(
            {
                "gty": "client-credentials",
                "sub": self.client_id,
                "aud": [urls[region]],
                "scp": scopes,
                "exp": int(expires),
            }
        )
        self._partners[value] = (region, expires)
        return Answer(
            200, {"access_token": value, "expires_in": PARTNER_TOKEN_LIFETIME_S, "token_type": "Bearer"}
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

    def _signed(self, claims: dict[str, Any]) -> str:
        common = {
            "iss": f"{self._urls()['auth']}/oauth2/v3/nts",
            "azp": self.client_id,
            "iat": int(self._clock()),
            "jti": uuid.uuid4().hex,
        }
        return jwt.encode({**common, **claims}, self._key, algorithm="HS256")

    def _find(self, value: str) -> RefreshToken | None:
        for account in self.accounts:
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
