"""What may be shown of a value, and the last look at everything that leaves.

Owns: the marks of a credential. Two walls: values are hidden when they are rendered (marked secret by the engine, named like a
credential, or looking like one), and no text is handed out in which a secret of the state or a credential's pattern still stands.
The engine's own marks miss values that a program wrote as plain text, hence the second kind.
"""

from __future__ import annotations

import base64
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from review.problems import RedactionError
from review.values import HIDDEN, SECRET, SIGNATURE, UNKNOWN, Path, canonical, has, is_secret, items, mapping

LOOKS_LIKE = "[hidden: looks like a credential]"
NOT_KNOWN = "known after apply"

LONG = 240
"""Letters of one value; the rest is counted."""

_WORDS = r"(?:passw(?:or)?d|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential|kubeconfig)"
_NAMED = re.compile(rf"(?i){_WORDS}s?(?:[-_.]?(?:value|data|text))?$")
_ASSIGNED = re.compile(rf"(?i){_WORDS}s?['\"]?\s*[=:]\s*['\"]?(?!\$__(?:file|env)\{{)[^\s'\"\[]{{6,}}")
"""But for Grafana's words for a file or a variable that holds the value."""
_PATTERNS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (("-----BEGIN ",), re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")),
    (("AKIA", "ASIA"), re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), re.compile(r"\bgh[pousr]_[A-Za-z0-9]{30,}")),
    (("github_pat_",), re.compile(r"\bgithub_pat_[A-Za-z0-9_]{30,}")),
    (("xox",), re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}")),
    (("AIza",), re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b")),
    (("eyJ",), re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}")),
    (("://",), re.compile(r"://[^\s/:@\"']*:[^\s/@\"'\[]+@")),
    (("v1:",), re.compile(r"\bv1:[A-Za-z0-9+/]{12,}={0,2}:[A-Za-z0-9+/]{16,}={0,2}")),
)
"""Each with words of which one must be there: looking for a word in megabytes costs a hundredth of a pattern."""
_RANDOM = re.compile(r"[A-Za-z0-9+/_=-]{24,}")
_ENTROPY = 4.1
"""Bits per letter. Words and names stay below 4, 24 random letters lie above."""
_ORDINARY = re.compile(r"[a-z]+[0-9]{0,2}(?:[-./:][a-z0-9]{1,24})*|[0-9]{1,5}")
"""Host names, user names, ports, paths."""
_REFERENCES = frozenset({"secretName", "secretRef", "secretKeyRef", "passwordSecret", "imagePullSecrets"})


def shown(value: Any, path: Path = ()) -> str:
    """A value as a report may print it; escaping for a format is the renderer's."""
    if value is None:
        return "nothing"
    if value == UNKNOWN:
        return NOT_KNOWN
    if is_secret(value) or _of_secret(path):
        return HIDDEN
    plain = hidden(value, path)
    words = plain if isinstance(plain, str) else canonical(plain)
    return words if len(words) <= LONG else f"{words[:LONG]}… ({len(words)} letters)"


def hidden(value: Any, path: Path = ()) -> Any:
    """The same value with everything replaced that must not be seen."""
    if is_secret(value):
        return HIDDEN
    if isinstance(value, dict):
        found = mapping(value)
        if "name" in found and "value" in found:  # an environment entry names its value beside it
            path = (*path, str(found["name"]))
            return {k: hidden(v, path if k == "value" else ()) for k, v in found.items()}
        return {key: hidden(child, (*path, key)) for key, child in found.items()}
    if isinstance(value, list):
        return [hidden(item, path) for item in items(value)]
    if isinstance(value, str):
        if value == UNKNOWN:
            return NOT_KNOWN
        return LOOKS_LIKE if credential(value, path) else value
    return value


def credential(value: str, path: Path = ()) -> bool:
    """Whether a text is, or is named like, something that opens a door."""
    named = path[:-1] if path[1:] and path[-1] == "value" else path
    name = str(named[-1]) if named else ""
    if value and name not in _REFERENCES and _NAMED.search(name) and not value.startswith("/"):
        return True
    if _ASSIGNED.search(value) or _patterned(value):
        return True
    return any(_random(match.group()) for match in _RANDOM.finditer(value))


def _patterned(text: str) -> bool:
    return any(any(word in text for word in words) and pattern.search(text) for words, pattern in _PATTERNS)


def _random(word: str) -> bool:
    mixed = any(c.isupper() for c in word) and any(c.islower() for c in word) and any(c.isdigit() for c in word)
    if not mixed:
        return False
    counts = Counter(word)
    return -sum(n / len(word) * math.log2(n / len(word)) for n in counts.values()) >= _ENTROPY


def _of_secret(path: Path) -> bool:
    return len(path) > 1 and path[0] == "Secret" and path[1] in ("data", "stringData")


def secret_values(inputs: Any) -> Iterator[str]:
    """Texts in a Secret's data, marked or not."""
    for key in ("data", "stringData"):
        for value in mapping(mapping(inputs).get(key)).values():
            if isinstance(value, str) and value not in (HIDDEN, UNKNOWN):
                yield value


def wanted(secrets: Iterable[str], plain: str) -> list[str]:
    """Secrets to look for: not those that are ordinary words which stand in `plain` text anyway, such as a host beside its password."""
    return [secret for secret in secrets if not (_ORDINARY.fullmatch(secret) and secret in plain)]


def check(texts: Iterable[str], secrets: Iterable[str]) -> None:
    """Raises RedactionError if a secret or a credential's pattern stands in one of the texts."""
    forms = {form for secret in secrets for form in _forms(secret)}
    escaped = [re.escape(form) for form in sorted(forms, key=len, reverse=True)]
    known = re.compile("|".join(escaped)) if escaped else None
    for text in texts:
        if known is not None and known.search(text):
            msg = "a secret of the state stands in the report; nothing was written. This is a fault of the review: report it"
            raise RedactionError(msg)
        if _patterned(text):
            msg = "something in the report looks like a credential; nothing was written. Mark it as a secret in the program"
            raise RedactionError(msg)


def _forms(secret: str) -> Iterator[str]:
    if len(secret) >= 8:  # shorter ones are words that stand in reports for other reasons
        yield secret
        yield base64.b64encode(secret.encode()).decode().rstrip("=")


def holds_secret(value: Any) -> bool:
    return has(value, HIDDEN) or mapping(value).get(SIGNATURE) == SECRET
