"""Object stores that the stack uses and does not make: a bucket, how to reach it, and which secrets open it.

One record per provider. Servers archive to all of them; apps are told of those that speak S3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Discriminator, Field, Tag

from components.vocabulary import Cidr, Listed, NamedSecret, Problem, Spec

HTTPS = 443

GOOGLE_METADATA = (("169.254.169.254/32", 80), ("169.254.169.252/32", 988))
"""Where a pod on GKE is told who it is: with Dataplane V2, and without it.
https://cloud.google.com/kubernetes-engine/docs/how-to/network-policy#network-policy-and-workload-identity"""


AMAZON_AGENT = (("169.254.170.23/32", 80),)
"""Where a pod on EKS is told who it is, if an association says so rather than an annotation.
https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html"""


class _Store(Spec):
    """What every provider has."""

    cidrs: Annotated[tuple[Cidr, ...], Listed] = Field(
        default=("0.0.0.0/0",), min_length=1, examples=["[203.0.113.0/24]"]
    )
    """Networks the service lives in, and what gives pods their identity where there are no credentials. The default is every
    public address: private ranges are always left out."""

    @property
    def port(self) -> int:
        """TCP port of the service."""
        return HTTPS

    @property
    def secrets(self) -> Mapping[tuple[str, ...], str]:
        """Secrets that it names, by their path in it."""
        return {}

    @property
    def identity(self) -> tuple[tuple[str, int], ...]:
        """Private addresses and ports that tell a pod who it is, where nothing else does."""
        return ()


class S3Credentials(Spec):
    """The two secrets that S3 signs requests with."""

    access_key: NamedSecret = Field(examples=["{secret: backup_access_key}"])
    """Id of the access key."""
    secret_key: NamedSecret = Field(examples=["{secret: backup_secret_key}"])
    """The access key itself."""


class S3StoreSpec(_Store):
    """A bucket that speaks S3."""

    provider: Literal["s3"] = "s3"
    """S3, of Amazon or of anybody else."""
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
    credentials: S3Credentials | None = None
    """Absent: pods are who their service account says (workload identity)."""

    @property
    def port(self) -> int:
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
        if self.credentials is None:
            return {}
        return {
            ("credentials", "access_key", "secret"): self.credentials.access_key.secret,
            ("credentials", "secret_key", "secret"): self.credentials.secret_key.secret,
        }

    @property
    def identity(self) -> tuple[tuple[str, int], ...]:
        return AMAZON_AGENT if self.credentials is None else ()

    def problems(self) -> Iterable[Problem]:
        if self.endpoint is not None and self.endpoint.startswith("http://") and "0.0.0.0/0" in self.cidrs:
            yield Problem(
                path=("endpoint",),
                rule="is not encrypted, and may lie anywhere; use https, or name the private networks in cidrs",
                example="https://s3.eu-central-1.amazonaws.com",
            )


class AzureKey(Spec):
    """A key of the storage account, which opens everything in it."""

    account_key: NamedSecret = Field(examples=["{secret: backup_account_key}"])
    """The key."""


class AzureToken(Spec):
    """A shared access signature, which opens what it was made for."""

    sas_token: NamedSecret = Field(examples=["{secret: backup_sas_token}"])
    """The token, without the question mark."""


def _azure_form(value: Any) -> str | None:
    match value:
        case AzureKey() | {"account_key": _}:
            return "account_key"
        case AzureToken() | {"sas_token": _}:
            return "sas_token"
        case _:
            return None


AzureCredentials = Annotated[
    Annotated[AzureKey, Tag("account_key")] | Annotated[AzureToken, Tag("sas_token")],
    Discriminator(
        _azure_form,
        custom_error_type="form",
        custom_error_message="must be {account_key: {secret: NAME}} or {sas_token: {secret: NAME}}",
    ),
]


class AzureStoreSpec(_Store):
    """A container of Azure Blob Storage."""

    provider: Literal["azure"]
    """Azure Blob Storage."""
    bucket: str = Field(
        pattern=r"^https://[a-z0-9]{3,24}\.blob\.core\.(windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)"
        r"/[a-z0-9](-?[a-z0-9]){2,62}(/[-._a-zA-Z0-9]+)*$",
        examples=["https://blocksightbackups.blob.core.windows.net/postgres/prod"],
    )
    """Address of the storage account, a container in it, and a folder in that."""
    credentials: AzureCredentials | None = Field(default=None, examples=["{sas_token: {secret: backup_sas_token}}"])
    """Absent: pods are who their service account says (Microsoft Entra Workload ID)."""

    @property
    def secrets(self) -> Mapping[tuple[str, ...], str]:
        match self.credentials:
            case AzureKey(account_key=named):
                return {("credentials", "account_key", "secret"): named.secret}
            case AzureToken(sas_token=named):
                return {("credentials", "sas_token", "secret"): named.secret}
            case None:
                return {}


class GoogleCredentials(Spec):
    """A service account's key."""

    key: NamedSecret = Field(examples=["{secret: backup_key}"])
    """Its JSON file, whole."""


class GoogleStoreSpec(_Store):
    """A bucket of Google Cloud Storage."""

    provider: Literal["google"]
    """Google Cloud Storage."""
    bucket: str = Field(
        pattern=r"^gs://[a-z0-9][-._a-z0-9]{1,61}[a-z0-9](/[-._a-zA-Z0-9]+)*$",
        examples=["gs://blocksight-backups/prod"],
    )
    """Bucket, and a folder in it."""
    credentials: GoogleCredentials | None = Field(default=None, examples=["{key: {secret: backup_key}}"])
    """Absent: pods are who their service account says (Workload Identity Federation for GKE)."""

    @property
    def secrets(self) -> Mapping[tuple[str, ...], str]:
        return {} if self.credentials is None else {("credentials", "key", "secret"): self.credentials.key.secret}

    @property
    def identity(self) -> tuple[tuple[str, int], ...]:
        return GOOGLE_METADATA if self.credentials is None else ()


def _provider(value: Any) -> str | None:
    match value:
        case _Store():
            return str(getattr(value, "provider", ""))
        case {"provider": ("s3" | "azure" | "google") as provider}:
            return provider
        case {"provider": _}:
            return None
        case _:
            return "s3"


ObjectStoreSpec = S3StoreSpec | AzureStoreSpec | GoogleStoreSpec

AnyObjectStoreSpec = Annotated[
    Annotated[S3StoreSpec, Tag("s3")]
    | Annotated[AzureStoreSpec, Tag("azure")]
    | Annotated[GoogleStoreSpec, Tag("google")],
    Discriminator(
        _provider,
        custom_error_type="form",
        custom_error_message="must have a `provider` of s3 (the default), azure or google",
    ),
    Field(examples=["{provider: google, bucket: gs://blocksight-backups/prod}"]),
]


def unusable(store: ObjectStoreSpec) -> Iterable[Problem]:
    """What an app lacks of a store; paths start at the connection."""
    if not isinstance(store, S3StoreSpec):
        yield Problem(
            path=("object_store",),
            rule="speaks no S3, which is all that an app's variables can tell; name a store whose provider is s3",
        )
        return
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
