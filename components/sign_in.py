"""Who may pass the edge to a route: holders of a token, of a key, or people who signed in.

Owns: what a stack file can say about it. Leaves to EdgeGateway what becomes of it on a target, and to the apps what a
person may do once inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from components.vocabulary import DnsLabel, Listed, NamedSecret, Spec

HTTPS_URL = r"^https://[^\s?#]+$"

HeaderName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=63, examples=["x-api-key"])]
"""A header in lower case: letters, digits and single hyphens."""


class JwtSpec(Spec):
    """Only requests with a valid token pass the edge."""

    issuer: str = Field(pattern=r"^https://\S+$", examples=["https://id.example.com"])
    """Who must have issued it."""
    jwks: str = Field(pattern=r"^https://\S+$", examples=["https://id.example.com/.well-known/jwks.json"])
    """Where the issuer publishes its keys; the proxies fetch them."""
    audiences: Annotated[tuple[str, ...], Listed] = Field(min_length=1, examples=["[api]"])
    """Whom it must be for; one is enough."""


class OidcEndpointsSpec(Spec):
    """Where an issuer is asked, for one that publishes no discovery document."""

    authorization: str = Field(pattern=HTTPS_URL, examples=["https://id.example.com/authorize"])
    """Where browsers are sent to sign in."""
    token: str = Field(pattern=HTTPS_URL, examples=["https://id.example.com/token"])
    """Where the proxies exchange a code for tokens."""


class OidcSpec(Spec):
    """Browsers are sent to an issuer to sign in (OpenID Connect); the app sees who came by the token that is passed on."""

    issuer: str = Field(pattern=HTTPS_URL, examples=["https://id.example.com"])
    """Who signs people in. Its discovery document must answer when the gateway reads this."""
    client_id: str = Field(pattern=r"^[\x21-\x7e]+$", max_length=255, examples=["shop"])
    """What the issuer calls this client. Register `https://HOST/PATH/oauth2/callback` there as its redirect."""
    client_secret: NamedSecret = Field(examples=["{secret: oidc_client_secret}"])
    """What the client signs in with at the issuer."""
    scopes: Annotated[tuple[str, ...], Listed] = Field(default=("openid", "email"), examples=["[openid, email]"])
    """What the token shall tell."""
    endpoints: OidcEndpointsSpec | None = None
    """Where the issuer is asked; absent: its discovery document says."""


class ApiKeySpec(Spec):
    """Only requests with a known key pass. The app learns whose it was by the header X-Client-Id; the key stays at the edge."""

    header: HeaderName = "x-api-key"
    """Header that carries the key."""
    clients: Mapping[DnsLabel, NamedSecret] = Field(
        min_length=1, max_length=200, examples=["{partner: {secret: partner_api_key}}"]
    )
    """Each client's key: 16 to 200 letters, digits, `-` and `_`."""
