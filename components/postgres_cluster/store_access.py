"""How a server gets into an object store: what its Secret holds, and the words of the Barman Cloud plugin for it.

https://cloudnative-pg.io/plugin-barman-cloud/docs/object_stores/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pulumi

from components.object_stores import (
    AzureKey,
    AzureStoreSpec,
    AzureToken,
    GoogleCredentials,
    GoogleStoreSpec,
    ObjectStoreSpec,
    S3Credentials,
    S3StoreSpec,
)
from components.vocabulary import NamedSecret

AZURE_CLIENT = "azure.workload.identity/client-id"
"""Annotation of the service account: as whom its pods come."""
AZURE_USE = {"azure.workload.identity/use": "true"}
"""Label of pods that are told who they are. https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html"""

ACCESS_KEY, SECRET_KEY = "ACCESS_KEY_ID", "ACCESS_SECRET_KEY"
ACCOUNT, ACCOUNT_KEY, SAS_TOKEN = "AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN"
GOOGLE_KEY = "gcsCredentials"


def keys(store: ObjectStoreSpec, secrets: pulumi.Output[Mapping[str, str]]) -> dict[str, pulumi.Input[str]]:
    """What stands in the server's Secret for this store; empty where the service account says who the pods are."""

    def given(named: NamedSecret) -> pulumi.Output[str]:
        return secrets.apply(lambda values: values[named.secret])

    match store.credentials:
        case None:
            return {}
        case S3Credentials() as pair:
            return {ACCESS_KEY: given(pair.access_key), SECRET_KEY: given(pair.secret_key)}
        case AzureKey() as one:
            return {ACCOUNT: account(store), ACCOUNT_KEY: given(one.account_key)}
        case AzureToken() as one:
            return {ACCOUNT: account(store), SAS_TOKEN: given(one.sas_token)}
        case GoogleCredentials() as one:
            return {GOOGLE_KEY: given(one.key)}


def configuration(physical: str, store: ObjectStoreSpec) -> dict[str, Any]:
    """Where the store is and who comes, with the Secret's name where there is one."""
    rendered: dict[str, Any] = {"destinationPath": store.bucket}
    match store:
        case S3StoreSpec():
            rendered["s3Credentials"] = _who(physical, store)
            if store.endpoint is not None:
                rendered["endpointURL"] = store.endpoint
        case AzureStoreSpec():
            rendered["azureCredentials"] = _who(physical, store)
        case GoogleStoreSpec():
            rendered["googleCredentials"] = _who(physical, store)
    return rendered


def _who(physical: str, store: ObjectStoreSpec) -> dict[str, Any]:
    def key(name: str) -> dict[str, str]:
        return {"name": physical, "key": name}

    match store.credentials:
        case S3Credentials():
            return {"accessKeyId": key(ACCESS_KEY), "secretAccessKey": key(SECRET_KEY)}
        case AzureKey():
            return {"storageAccount": key(ACCOUNT), "storageKey": key(ACCOUNT_KEY)}
        case AzureToken():
            return {"storageAccount": key(ACCOUNT), "storageSasToken": key(SAS_TOKEN)}
        case GoogleCredentials():
            return {"applicationCredentials": key(GOOGLE_KEY)}
        case None:
            return {_WITHOUT[store.provider]: True}


_WITHOUT = {
    "s3": "inheritFromIAMRole",
    "azure": "useDefaultAzureCredentials",  # inheritFromAzureAD asks for the identity of the node
    "google": "gkeEnvironment",
}
"""The service account says who the pods are."""


def account(store: ObjectStoreSpec) -> str:
    """Name of Azure's storage account, which its addresses start with."""
    return str(urlsplit(store.bucket).hostname).partition(".")[0]


def labels(stores: Iterable[ObjectStoreSpec]) -> dict[str, str]:
    """What pods must carry to be told who they are."""
    asks = any(isinstance(store, AzureStoreSpec) and store.credentials is None for store in stores)
    return dict(AZURE_USE) if asks else {}
