"""What the patterns of specs say, in words: nobody should have to read a regular expression to mend a stack file.

Owns: one sentence per pattern, whatever field it stands on. Leaves the patterns to the specs, from where editors get them too;
a test holds that each pattern has its sentence, and each sentence a pattern.
"""

from __future__ import annotations

from collections.abc import Mapping

_BUCKET_PATH = "a path after it is of plain names, without a slash at the end"

WORDS: Mapping[str, str] = {
    r"^#\S{1,79}$": "must be a channel: `#` and its name, without spaces, quoted",
    r"^([01]\d|2[0-3]):[0-5]\d$": "must be a time of day from 00:00 to 23:59, quoted",
    r"^(\*|https://[-.a-z0-9]+(:[0-9]+)?)$": "must be `*` or an origin: https://, a host in lower case, and a port if it needs one, without a path",
    r"^(\./|\.\./|/).*": "must be a path that starts with `./`, `../` or `/`",
    r"^(self|none|data|blob|(https|wss)://(\*\.)?[-.a-z0-9]+(:[0-9]+)?|sha(256|384|512)-[A-Za-z0-9+/]+=*)$": (
        "must be self, none, data, blob, an origin with https:// or wss:// and without a path, or a hash such as sha256-..."
    ),
    r"^(unix|tcp|ssh)://": "must be an address of a Docker daemon that starts with unix://, tcp:// or ssh://",
    r"^/": "must be a path that starts with `/`",
    r"^[-.a-z0-9]+:\d{1,5}$": "must be a host in lower case, a colon and a port",
    r"^[A-Z][A-Za-z0-9]{4,63}$": "must be 5 to 64 letters and digits, starting with a capital letter",
    r"^[A-Za-z0-9][-_.:A-Za-z0-9]*$": "must be letters, digits and `_ . : -`, starting with a letter or digit",
    r"^[A-Za-z0-9_-]{1,40}$": "must be 1 to 40 letters, digits, underscores and hyphens",
    r"^[A-Za-z][-A-Za-z0-9]*$": "must be the name of a header: letters, digits and hyphens, starting with a letter",
    r"^[A-Za-z][A-Za-z0-9_]{0,62}$": "must be letters, digits and underscores, starting with a letter, 63 at most",
    r"^[A-Za-z_][A-Za-z0-9_.]*$": "must be the name of a claim: letters, digits, underscores and dots, not starting with a digit or dot",
    r"^[\x21-\x7e]+$": "must be printable ASCII without spaces",
    r"^[^/].*\.yaml$": "must be a relative path of a file that ends in .yaml",
    r"^[^@\s,<>]+@[-.a-zA-Z0-9]+$": "must be one plain mail address, without a name around it",
    r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$": "must be lower-case letters, digits and inner hyphens and dots",
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "must be lower-case letters and digits with single hyphens between",
    r"^[a-z0-9][-.a-z0-9]*$": "must be a host name in lower case, without scheme, port and path",
    r"^[a-zA-Z_][a-zA-Z0-9_]{0,119}$": "must be the name of a series: letters, digits and underscores, not starting with a digit, 120 at most",
    r"^[a-zA-Z_][a-zA-Z0-9_]{0,62}$": "must be the name of a label: letters, digits and underscores, not starting with a digit, 63 at most",
    r"^[a-z]([-a-z0-9]*[a-z0-9])?-g[1-9][0-9]*$": "must be the name of a server as its archive has it: the instance, `-g` and its generation",
    r"^[a-z][-_a-z0-9]*$": "must be lower-case letters, digits, hyphens and underscores, starting with a letter",
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$": "must be the name of a header in lower case: words of letters and digits with single hyphens between",
    r"^[a-z][a-z0-9_]{0,39}$": "must be lower-case letters, digits and underscores, starting with a letter, 40 at most",
    r"^\d+\.\d+$": "must be a version of two numbers with a dot between, quoted",
    r"^\d{8}T\d{6}$": "must be the id of a backup: eight digits, T and six digits, as the archive names its folder",
    r"^gs://[a-z0-9][-._a-z0-9]{1,61}[a-z0-9](/[-._a-zA-Z0-9]+)*$": (
        f"must be gs:// and a bucket of 3 to 63 lower-case letters, digits, hyphens, dots and underscores; {_BUCKET_PATH}"
    ),
    r"^https://[^\s?#]+$": "must be an address that starts with https://, without spaces, query and fragment",
    (
        r"^https://[a-z0-9]{3,24}\.blob\.core\.(windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)"
        r"/[a-z0-9](-?[a-z0-9]){2,62}(/[-._a-zA-Z0-9]+)*$"
    ): f"must be https://, a storage account, .blob.core.windows.net (or the Chinese or US government's), a slash and a container; {_BUCKET_PATH}",
    r"^https://\S+$": "must be an address that starts with https://, without spaces",
    r"^https://\S+[^/]$": "must be an address that starts with https://, without spaces and without a slash at the end",
    r"^https://api\.incident\.io/v2/alert_events/\S+$": "must be the address of an alert source: https://api.incident.io/v2/alert_events/ and what follows it there",
    r"^https?://[-.a-z0-9]+(:\d{1,5})?$": "must be http:// or https://, a host in lower case, and a port if it needs one, without a path",
    r"^https?://[a-z0-9][-.a-z0-9]*(:\d{1,5})?(/[-._a-z0-9]+)+$": (
        "must be http:// or https://, a host, a port if it needs one, and a path, all in lower case, without a slash at the end"
    ),
    r"^s3://[a-z0-9][-.a-z0-9]{1,61}[a-z0-9](/[-._a-zA-Z0-9]+)*$": (
        f"must be s3:// and a bucket of 3 to 63 lower-case letters, digits, hyphens and dots; {_BUCKET_PATH}"
    ),
}
