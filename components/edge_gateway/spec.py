"""What a stack file can say about the way in: `edge:`. Routes stand with the components that they lead to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from components.vocabulary import (
    CertificateHost,
    Cidr,
    Cpu,
    DnsLabel,
    Duration,
    Listed,
    NamedSecret,
    OnlyOn,
    Port,
    Problem,
    Size,
    Spec,
    seconds,
)

PRELOAD_SECONDS = 365 * 86400
"""The least that https://hstspreload.org accepts."""


class GivenCertificateSpec(Spec):
    """A certificate that somebody else issues, and renews."""

    certificate: NamedSecret = Field(examples=["{secret: edge_certificate}"])
    """The chain, as PEM."""
    key: NamedSecret = Field(examples=["{secret: edge_key}"])
    """The private key, as PEM."""


class CertificateSpec(Spec):
    """One certificate. On Docker, where none is given, it comes from an authority that the stack makes once."""

    hosts: Annotated[tuple[CertificateHost, ...], Listed] = Field(
        min_length=1, max_length=100, examples=["[blocksight.live]"]
    )
    """Names it is for; each host of a route must be among them."""
    acme: Annotated[
        Literal["staging", "production"],
        OnlyOn("kubernetes", "Let's Encrypt can't reach a published port of 127.0.0.1", ("staging",)),
    ] = "staging"
    """Let's Encrypt's directory. `staging` is for trying: browsers don't trust it, and its limits are wide."""
    given: GivenCertificateSpec | None = Field(
        default=None, examples=["{certificate: {secret: edge_certificate}, key: {secret: edge_key}}"]
    )
    """A certificate of your own; absent: one is made."""

    def problems(self) -> Iterable[Problem]:
        if self.given is not None and "acme" in self.model_fields_set:
            yield Problem(path=("acme",), rule="can't issue a certificate that is given; remove one of the two")


class HstsSpec(Spec):
    """Strict-Transport-Security: browsers that saw it refuse plain HTTP. Set by the edge and nowhere else."""

    max_age: Duration = "730d"
    """How long they remember; 0s makes them forget."""
    include_subdomains: bool = False
    """Also for every name below the host."""
    preload: bool = False
    """Agree to be built into browsers. That can't be taken back within months."""

    def problems(self) -> Iterable[Problem]:
        if self.preload and not self.include_subdomains:
            yield Problem(
                path=("preload",),
                rule="needs include_subdomains: true",
                example="{include_subdomains: true, preload: true}",
            )
        if self.preload and seconds(self.max_age) < PRELOAD_SECONDS:
            yield Problem(path=("max_age",), rule="must be a year or more with preload", example="730d")

    def text(self) -> str:
        """The header's value."""
        words = (("includeSubDomains", self.include_subdomains), ("preload", self.preload))
        return "; ".join([f"max-age={seconds(self.max_age)}", *(word for word, wanted in words if wanted)])


class WafSpec(Spec):
    """Coraza with OWASP's Core Rule Set, as WebAssembly inside each Envoy: a net for known attacks, not a proof against them.

    It reads requests, never answers; costs memory and some milliseconds a request; and takes harmless requests for
    attacks until its rules are tuned. If it can't run, requests are refused. The tests of this repository can't fetch its
    image, so they have not run it: try it on a staging stack. https://github.com/corazawaf/coraza-proxy-wasm
    """

    mode: Literal["detect", "block"] = "detect"
    """`detect` only writes to the proxies' log; begin with it. `block` answers with 403."""
    paranoia: int = Field(default=1, ge=1, le=4, examples=[1])
    """How much is suspected: 1 for everybody, 4 finds most and is wrong most."""
    exclude: Annotated[tuple[int, ...], Listed] = Field(default=(), examples=["[942100]"])
    """Numbers of rules that are left out, since they take your requests for attacks."""

    def problems(self) -> Iterable[Problem]:
        for index, rule in enumerate(self.exclude):
            if not 900_000 <= rule <= 999_999:
                yield Problem(
                    path=("exclude", index),
                    rule="is no rule of the set: they have six digits and start with 9",
                    example="942100",
                )


class PublishSpec(Spec):
    """Ports of this machine, on 127.0.0.1."""

    http: Port = 8080
    """Redirects to HTTPS."""
    https: Port = 8443
    """The way in."""

    def problems(self) -> Iterable[Problem]:
        if self.http == self.https:
            yield Problem(path=("https",), rule="must differ from http", example="8443")


class DockerSpec(Spec):
    """Only for stacks on Docker."""

    publish: PublishSpec = PublishSpec()
    """Ports of this machine."""
    cpu: Cpu = "500m"
    """Greatest processor time."""
    memory: Size = "128Mi"
    """Greatest memory."""


class EdgeGatewaySpec(Spec):
    """The one way in from outside."""

    certificates: Mapping[DnsLabel, CertificateSpec] = Field(
        min_length=1, examples=["{main: {hosts: [blocksight.live, api.blocksight.live]}}"]
    )
    """Certificates, by name."""
    hsts: HstsSpec = HstsSpec()
    """Whether browsers remember that this is HTTPS only."""
    trusted_proxies: Annotated[tuple[Cidr, ...], Listed] = Field(default=(), examples=["[173.245.48.0/20]"])
    """Networks of a CDN in front. Only from there X-Forwarded-For tells the client; else limits would hit the CDN."""
    waf: Annotated[
        WafSpec | None,
        OnlyOn("kubernetes", "nginx as it is shipped has no web application firewall, only `limits` and `allow_from`"),
    ] = Field(default=None, examples=["{mode: detect}"])
    """A web application firewall in front of all routes; absent: none."""
    proxies: Annotated[int, OnlyOn("kubernetes", "one machine runs one nginx", (1, 2))] = Field(
        default=2, ge=2, le=50, examples=["2"]
    )
    """Replicas of the proxy; one survives no node loss."""
    deletion_protection: bool = True
    """Docker: keeps the authority that signs local certificates, which people have told their browsers to trust."""
    docker: Annotated[DockerSpec | None, OnlyOn("docker", "the block is named after its target")] = None
    """What only Docker can honour."""

    def certificate_of(self, host: str) -> str | None:
        """The certificate that covers a host: the one that names it, before the one with a wildcard."""
        wildcard = f"*.{host.partition('.')[2]}"
        for name in (host, wildcard):
            for certificate, spec in sorted(self.certificates.items()):
                if name in spec.hosts:
                    return certificate
        return None
