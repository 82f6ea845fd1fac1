"""What the engine refuses in a stack file without naming the place, or takes for something else."""

from __future__ import annotations

import base64

import pytest

from rehearsal.problems import RehearsalError
from rehearsal.stack_text import StackText
from tests.kit.ciphertexts import ciphertext

FILE = "Pulumi.dev.yaml"


def told(text: str) -> list[str]:
    try:
        StackText.parse(FILE, text, "shop").refuse_misread()
    except RehearsalError as problem:
        return str(problem).splitlines()
    return []


PLAIN = "hunter2hunter2hunter2hunter2"
SHORT = base64.b64encode(b"short").decode()


@pytest.mark.parametrize(
    "value", [PLAIN, "''", "v1:...", f"v1:{PLAIN}", f"v1:{SHORT}:{SHORT}", f"v2{ciphertext('a')[2:]}"]
)
def test_a_secret_that_nobody_has_encrypted_is_refused_and_not_repeated(value: str) -> None:
    (line,) = told(f"config:\n  shop:secrets:\n    token: {{secure: {value}}}\n")
    assert line.startswith(f"{FILE}:3: secrets.token: holds no ciphertext of the engine under `secure:`: ")
    assert "pulumi config set --secret --path shop:secrets.token; e.g. {secure: v1:...}" in line
    assert "hunter" not in line
    assert SHORT not in line


def test_it_is_found_wherever_it_stands() -> None:
    text = f"config:\n  aws:key: {{secure: {PLAIN}}}\n  shop:a: [{{b: {{secure: {PLAIN}}}}}]\n  shop:secure: {PLAIN}\n"
    assert [line.split(" holds ")[0] for line in told(text)] == [f"{FILE}:2: aws:key:", f"{FILE}:3: a[0].b:"]
    assert "--path aws:key;" in told(text)[0]


@pytest.mark.parametrize(
    "value",
    [
        ciphertext("a"),
        f"'{ciphertext('a')}'",
        f">-\n        {ciphertext('a')[:30]}\n        {ciphertext('a')[30:]}",  # base64 may be folded
        "AAABA" + base64.b64encode(b"x" * 33).decode(),  # as Pulumi Cloud writes it
    ],
)
def test_a_ciphertext_is_taken(value: str) -> None:
    assert told(f"config:\n  shop:secrets:\n    token:\n      secure: {value}\n") == []


@pytest.mark.parametrize("value", ["{target: {kind: docker}}", "[prod]", ""])
def test_an_environment_beside_the_configuration_is_told_for_whose_it_is(value: str) -> None:
    (line,) = told(f"config: {{}}\nenvironment: {value}\n")
    assert line.startswith(
        f"{FILE}:2: environment: stands beside `config:`, where the engine takes it for environments of Pulumi ESC"
    )
    assert line.endswith("said below `config:`; e.g. shop:environment: {target: {kind: docker}}")
    assert told("config:\n  shop:environment: {target: {kind: docker}}\n") == []


def _laughs(levels: int) -> str:
    rows = ["  shop:a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"  shop:a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(["config:", *rows, ""])


def test_aliases_of_aliases_are_refused_at_once_and_by_name() -> None:
    (line,) = told(_laughs(60))
    assert line.startswith(f"{FILE}:61: shop:a59: its aliases (`*`) unfold to more than 100,000 values; ")


def test_aliases_that_save_typing_are_taken() -> None:
    assert told(_laughs(4)) == []
    assert told("config:\n  shop:a: &a {x: 1}\n  shop:b: {y: *a, z: *a}\n") == []


def test_what_nests_without_end_is_told() -> None:
    (line,) = told(f"config:\n  shop:a: {'[' * 5_000}{']' * 5_000}\n")
    assert line.startswith(f"{FILE}: nests lists or mappings too deeply")
