"""What the environment contract in Pulumi.yaml refuses."""

from __future__ import annotations

from typing import Any

from tests.stacks.refusals.case import API, Case

CONTRACT: dict[str, Any] = {
    "PORT": {"type": "int", "min": 1, "max": 65535},
    "LOG_LEVEL": {"type": "enum", "values": ["debug", "info"], "default": "info"},
    "ORIGIN": {"type": "url", "schemes": ["https"]},
    "TIMEOUT": {"type": "duration", "required": False},
    "RATE": {"type": "number", "required": False},
    "TRACE": {"type": "bool", "required": False},
    "SHOP": {"pattern": "[a-z-]+", "required": False},
    "SESSION_KEY": {"secret": True, "min_length": 32, "about": "signs sessions"},
}
GOOD: dict[str, Any] = {"PORT": "8000", "ORIGIN": "https://shop.example.com", "SESSION_KEY": {"generate": 32}}

CASES: tuple[Case, ...] = (
    Case(
        "Variables that do not keep the contract, all at once",
        {
            f"{API}.env": {
                "PORT": "80000",
                "LOG_LEVEL": "loud",
                "ORIGIN": "http://shop.example.com",
                "TIMEOUT": "soon",
                "RATE": "1,5",
                "TRACE": "yes",
                "SHOP": "Shop",
                "ORIGINS": "x",
                "SESSION_KEY": "in plain sight",
            }
        },
        (
            f"{API}.env.PORT: must be a whole number from 1 to 65535, says the contract",
            f"{API}.env.LOG_LEVEL: must be one of debug, info, says the contract",
            f"{API}.env.ORIGIN: must be a URL with a host (https), says the contract",
            f"{API}.env.TIMEOUT: must be a whole number with a unit: ms, s, m, h, d, says the contract",
            f"{API}.env.RATE: must be a number, says the contract",
            f"{API}.env.TRACE: must be true or false, says the contract",
            f"{API}.env.SHOP: must be text of 1 or more characters like [a-z-]+, says the contract",
            f"{API}.env.ORIGINS: is not in the app's contract; did you mean ORIGIN?; add it in Pulumi.yaml, or remove it",
            f"{API}.env.SESSION_KEY: is a secret by the contract and stands here as text; e.g. {{secret: coin_api_key}}",
        ),
        contracts={"api": CONTRACT},
    ),
    Case(
        "Variables that the contract wants and the stack does not set",
        {f"{API}.env": {}},
        (
            f"{API}.env: lacks ORIGIN, which the contract wants: a URL with a host (https); e.g. ORIGIN: ...",
            f"{API}.env: lacks PORT, which the contract wants: a whole number from 1 to 65535; e.g. PORT: ...",
            f"{API}.env: lacks SESSION_KEY (signs sessions), which the contract wants: a secret, text of 32 or more characters; e.g. SESSION_KEY: {{generate: 32}}",
        ),
        contracts={"api": CONTRACT},
    ),
    Case(
        "A generated secret that is too short for the contract",
        {f"{API}.env": {**GOOD, "SESSION_KEY": {"generate": 16}}},
        (f"{API}.env.SESSION_KEY.generate: must be 32 or more, says the contract; e.g. 32",),
        contracts={"api": CONTRACT},
    ),
    Case(
        "A generated secret where the contract wants a form",
        {f"{API}.env": {"KEY": {"generate": 32}}},
        (
            f"{API}.env.KEY: is generated, and that is letters and digits; the contract wants text of 1 or more characters like sk_.*",
        ),
        contracts={"api": {"KEY": {"pattern": "sk_.*", "secret": True}}},
    ),
    Case(
        "A contract in a stack file",
        {"contracts": {}},
        ("contracts: belongs into Pulumi.yaml: a contract is the same for all stacks",),
    ),
    Case(
        "A contract of an app with a typo",
        {},
        ("contracts.apo: is no app of this stack; did you mean api?",),
        contracts={"apo": {}},
    ),
    Case(
        "A contract with an unknown type",
        {},
        (
            "contracts.api.PORT: must be a mapping with a `type` of bool, duration, enum, int, number, string (the default) or url; e.g. {type: int, default: '8000'}",
        ),
        contracts={"api": {"PORT": {"type": "integer"}}},
    ),
    Case(
        "A contract that breaks itself",
        {},
        (
            "contracts.api.PORT.default: must be a whole number",
            "contracts.api.KEY.default: would be a secret in plaintext; remove it",
            "contracts.api.SHOP.pattern: is no regular expression; e.g. '[a-z-]+'",
            "contracts.api.PAGE.max: must be min (10) or more: no value would keep the contract",
        ),
        contracts={
            "api": {
                "PORT": {"type": "int", "default": "http"},
                "KEY": {"secret": True, "default": "x"},
                "SHOP": {"pattern": "["},
                "PAGE": {"type": "int", "min": 10, "max": 5},
            }
        },
    ),
)
