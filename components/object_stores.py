"""Object stores that the stack uses and does not make: a bucket, how to reach it, and which secrets open it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field

from components.vocabulary import Cidr, Listed, NamedSecret, Problem, Spec

HTTPS = 443


class ObjectStoreCredentials(Spec):
    """The two secrets that S3 signs requests with."""

    access_key: NamedSecret = Field(examples=["{secret: backup_access_key}"])
    """Id of the access key."""
    secret_key: NamedSecret = Field(examples=["{secret: backup_secret_key}"])
    """The access key itself."""


class ObjectStoreSpec(Spec):
    """A bucket that speaks S3."""

    bucket: str = Field(
        pattern=r"^s3://[a-z0-9][-.a-z0-9]{1,61}[a-z0-9](/[-._a-zA-Z0-9]+)*$", examples=["s3://blocksight-backups/prod"]
    )
    """Bucket, and a folder in it."""
    endpoint: str | None = Field(
        default=None, pattern=r"^https?://[-.a-z0-9]+(:\d{1,5})?$", examples=["https://s3.eu-central-1.amazonaws.com"]
    )
    """Address of the service. Absent: Amazon's own."""
    region: str | None = Field(
        default=None, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=63, examples=["eu-central-1"]
    )
    """What apps sign their requests for; a service that has no regions takes any. Servers' backups need none."""
    credentials: ObjectStoreCredentials | None = None
    """Absent: pods are who their service account says (workload identity)."""
    cidrs: Annotated[tuple[Cidr, ...], Listed] = Field(
        default=("0.0.0.0/0",), min_length=1, examples=["[203.0.113.0/24]"]
    )
    """Networks the service lives in. The default is every public address: private ranges are always left out."""

    @property
    def port(self) -> int:
        """TCP port of the endpoint."""
        if self.endpoint is None:
            return HTTPS
        address = urlsplit(self.endpoint)
        return address.port or (HTTPS if address.scheme == "https" else 80)

    @property
    def told(self) -> Mapping[str, str]:
        """What an app is told beside the keys, by the last words of the variables' names. Needs a region."""
        bucket, _, folder = self.bucket.removeprefix("s3://").partition("/")
        amazon = f"https://s3.{self.region}.amazonaws.com"
        address = amazon if self.endpoint is None else self.endpoint
        return {"BUCKET": bucket, "FOLDER": folder, "REGION": str(self.region), "ENDPOINT_URL": address}

    @property
    def secrets(self) -> Mapping[tuple[str, ...], str]:
        """Secrets that it names, by their path in it."""
        if self.credentials is None:
            return {}
        return {
            ("credentials", "access_key", "secret"): self.credentials.access_key.secret,
            ("credentials", "secret_key", "secret"): self.credentials.secret_key.secret,
        }

    def problems(self) -> Iterable[Problem]:
        if self.endpoint is not None and self.endpoint.startswith("http://") and "0.0.0.0/0" in self.cidrs:
            yield Problem(
                path=("endpoint",),
                rule="is not encrypted, and may lie anywhere; use https, or name the private networks in cidrs",
                example="https://s3.eu-central-1.amazonaws.com",
            )


def unusable(store: ObjectStoreSpec) -> Iterable[Problem]:
    """What an app lacks of a store; paths start at the connection."""
    if store.credentials is None:
        yield Problem(
            path=("object_store",),
            rule="has no credentials, and an app is nobody to the cloud: give the store credentials of its own for this",
            example="credentials: {access_key: {secret: uploads_access_key}, secret_key: {secret: uploads_secret_key}}",
        )
    if store.region is None:
        yield Problem(
            path=("object_store",),
            rule="has no region, and an app signs its requests for one: say it on the store",
            example="region: eu-central-1",
        )
