"""The test kit itself: what a recording keeps, hides and refuses."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pulumi
import pulumi_docker as docker
import pulumi_random as random
import pytest
import yaml
from pulumi_kubernetes.core.v1 import ConfigMap
from pulumi_kubernetes.core.v1 import Secret as KubernetesSecret

from tests.kit import stand_ins
from tests.kit.recording import Recording, Secret, Unknown, record


class Shop(pulumi.ComponentResource):
    """A component with one child."""

    def __init__(self, name: str, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Shop", name, {"size": 3}, opts)
        self.volume = docker.Volume(f"{name}-data", name="shop-data", opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({"volume": self.volume.name})


def test_a_resource_is_kept_with_its_inputs() -> None:
    def program() -> None:
        docker.Container("web", image="nginx", name="web", memory=256, cpu_shares=2, envs=["A=1"])

    web = record(program).one("docker:index/container:Container", "web")
    assert web.inputs == {"image": "nginx", "name": "web", "memory": 256, "cpuShares": 2, "envs": ["A=1"]}
    assert all(not isinstance(web.inputs[key], float) for key in ("memory", "cpuShares"))
    assert web.custom
    assert web.parent is None


def test_urns_are_the_engines() -> None:
    recording = record(lambda: Shop("shop"), project="market", stack="dev")
    assert [r.urn for r in recording.resources] == [
        "urn:pulumi:dev::market::test:index:Shop$docker:index/volume:Volume::shop-data",
        "urn:pulumi:dev::market::test:index:Shop::shop",
    ]


def test_components_children_and_outputs() -> None:
    recording = record(lambda: Shop("shop"))
    shop = recording.one("Shop", "shop")
    assert not shop.custom
    assert shop.inputs == {"size": 3}
    assert shop.outputs == {"volume": "shop-data"}
    assert [child.name for child in recording.children_of("shop")] == ["shop-data"]
    assert recording.children_of(shop.urn) == recording.children_of("shop")
    assert recording.one("Volume", "shop-data").outputs is None


def test_a_second_resource_of_one_urn_is_refused() -> None:
    def program() -> None:
        docker.Volume("data")
        docker.Volume("data")

    with pytest.raises(AssertionError, match=r"two resources have the URN .*Volume::data"):
        record(program)


def test_the_same_name_below_two_parents_is_no_duplicate() -> None:
    def program() -> None:
        for parent in (Shop("one"), Shop("two")):
            docker.Network("net", opts=pulumi.ResourceOptions(parent=parent))

    # the engine makes URNs of types and names: parents of one type do not tell children of one name apart
    with pytest.raises(AssertionError, match=r"Shop\$docker:index/network:Network::net"):
        record(program)


def test_options_are_kept() -> None:
    def program() -> None:
        provider = docker.Provider("daemon", host="unix:///run/docker.sock")
        first = docker.Volume("first", opts=pulumi.ResourceOptions(provider=provider))
        docker.Volume(
            "second",
            driver=first.driver,
            opts=pulumi.ResourceOptions(
                provider=provider,
                protect=True,
                retain_on_delete=True,
                depends_on=[first],
                aliases=[pulumi.Alias(name="old"), "urn:pulumi:prod::blocksight::docker:index/volume:Volume::older"],
                ignore_changes=["labels"],
                replace_on_changes=["driver"],
                delete_before_replace=True,
                deleted_with=first,
                custom_timeouts=pulumi.CustomTimeouts(create="5m"),
                additional_secret_outputs=["mountpoint"],
            ),
        )

    recording = record(program)
    daemon, first, second = (
        recording.one(*w) for w in (("docker", "daemon"), ("Volume", "first"), ("Volume", "second"))
    )
    assert second.protect
    assert second.retain_on_delete
    assert second.dependencies == (first.urn,)
    assert second.provider == daemon.urn
    assert second.aliases == ("name=old", "urn:pulumi:prod::blocksight::docker:index/volume:Volume::older")
    assert second.ignore_changes == ("labels",)
    assert second.replace_on_changes == ("driver",)
    assert second.delete_before_replace is True
    assert second.deleted_with == first.urn
    assert second.custom_timeouts == {"create": "5m"}
    assert second.additional_secret_outputs == ("mountpoint",)
    assert (first.protect, first.retain_on_delete, first.dependencies) == (False, False, ())
    assert (first.aliases, first.delete_before_replace, first.custom_timeouts) == ((), None, {})


def test_secrets_are_marked_and_never_printed() -> None:
    def program() -> None:
        password = random.RandomPassword("db", length=40, special=False)
        KubernetesSecret("db", string_data={"password": password.result})
        ConfigMap("note", data={"text": pulumi.Output.secret("hush")})
        pulumi.export("password", password.result)

    recording = record(program)
    value = stand_ins.outputs("random:index/randomPassword:RandomPassword", "db", {"length": 40})["result"]
    hidden = recording.one("kubernetes:core/v1:Secret", "db").inputs["stringData"]
    assert hidden == Secret({"password": value})
    assert hidden.reveal() == {"password": value}
    assert recording.exports == {"password": Secret(value)}
    assert recording.one("ConfigMap", "note").inputs["data"] == {"text": Secret("hush")}
    for text in (repr(recording), str(hidden), f"{hidden}", recording.as_yaml()):
        assert value not in text
        assert "hush" not in text
        assert "<secret>" in text
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


def test_computed_outputs_have_stand_ins() -> None:
    seen: dict[str, object] = {}

    def keep(**outputs: pulumi.Output[object]) -> None:
        for key, output in outputs.items():
            output.apply(lambda value, key=key: seen.update({key: value}))

    def program() -> None:
        image = docker.RemoteImage("image", name="nginx:1.30")
        settings = ConfigMap("settings", data={})
        fixed = ConfigMap("fixed", metadata={"name": "given", "labels": {"a": "b"}}, data={})
        keep(
            image=image.image_id,
            code=docker.Container("once", image=image.image_id, must_run=False).exit_code,
            network=docker.Network("net", name="given").name,
            unnamed=docker.Network("unnamed").name,
            settings=settings.metadata.apply(lambda m: m.name),
            fixed=fixed.metadata.apply(lambda m: (m.name, m.labels)),
        )

    once = record(program)
    first = dict(seen)
    assert str(first["image"]).startswith("sha256:")
    assert first["code"] == 0
    assert first["network"] == "given"
    assert str(first["unnamed"]).startswith("unnamed-")
    assert str(first["settings"]).startswith("settings-")
    assert first["fixed"] == ("given", {"a": "b"})
    seen.clear()
    assert record(program) == once
    assert seen == first


def test_a_password_has_the_length_that_was_asked_for() -> None:
    for length in (1, 32, 33, 100):
        made = stand_ins.outputs("random:index/randomPassword:RandomPassword", "db", {"length": length})["result"]
        assert len(made) == length
        assert made.isalnum()


def test_a_preview_does_not_know_computed_outputs() -> None:
    def program() -> None:
        image = docker.RemoteImage("image", name="nginx:1.30")
        docker.Container("web", image=image.image_id)
        pulumi.export("dry", pulumi.runtime.is_dry_run())

    recording = record(program, preview=True)
    assert recording.one("Container", "web").inputs["image"] == Unknown()
    assert recording.exports == {"dry": True}
    assert record(program).exports == {"dry": False}


def _raises_at_once() -> None:
    docker.Volume("data")
    msg = "this stack file is wrong"
    raise pulumi.RunError(msg)


def _raises_later() -> None:
    def refuse(name: str) -> None:
        msg = f"this stack file is wrong: {name}"
        raise ValueError(msg)

    docker.Volume("data", name="data").name.apply(refuse)


@pytest.mark.parametrize("program", [_raises_at_once, _raises_later])
def test_errors_of_the_program_come_out(program: Callable[[], None]) -> None:
    with pytest.raises((pulumi.RunError, ValueError), match="this stack file is wrong"):
        record(program)


def test_an_output_as_text_is_an_error() -> None:
    with pytest.raises(Exception, match="Calling __str__ on an Output"):
        record(lambda: pulumi.export("text", f"{docker.Volume('data').name}"))


def test_looking_something_up_is_refused() -> None:
    with pytest.raises(AssertionError, match="no provider to ask"):
        record(lambda: docker.get_network(name="bridge"))
    with pytest.raises(AssertionError, match="reads the existing resource data"):
        record(lambda: docker.Volume.get("data", "id"))


def test_outputs_are_registered_once() -> None:
    with pytest.raises(AssertionError, match="register_outputs is called twice"):
        record(lambda: Shop("shop").register_outputs({}))


def test_nothing_leaks_from_one_recording_to_the_next(tmp_path: Path) -> None:
    def program() -> None:
        config = pulumi.Config()
        pulumi.export("stack", f"{pulumi.get_project()}/{pulumi.get_stack()}")
        pulumi.export("size", config.get("size"))
        pulumi.export("token", config.get_secret("token"))
        pulumi.export("root", pulumi.get_root_directory())

    before = dict(os.environ)
    given = {"shop:size": "3", "shop:token": "hush"}
    first = record(program, project="shop", stack="dev", config=given, secret_keys=["shop:token"], root=tmp_path)
    assert first.exports == {"stack": "shop/dev", "size": "3", "token": Secret("hush"), "root": str(tmp_path)}
    second = record(program, project="shop")
    assert second.exports == {"stack": "shop/prod", "root": str(Path.cwd())}
    assert dict(os.environ) == before
    assert pulumi.runtime.get_root_resource() is None
    assert pulumi.get_project() != "shop"


def test_the_yaml_is_sorted_short_and_stable() -> None:
    def program() -> None:
        shop = Shop("shop", opts=pulumi.ResourceOptions(protect=True))
        ConfigMap(
            "conf",
            data={"b": "1", "a": "line 1\nline 2\n"},
            opts=pulumi.ResourceOptions(parent=shop, depends_on=[shop.volume]),
        )
        pulumi.export("ratio", 0.5)
        pulumi.export("count", 2)

    text = record(program, stack="dev").as_yaml()
    assert text == record(program, stack="staging").as_yaml()
    assert (
        text
        == f"""\
exports:
  count: 2
  ratio: 0.5
resources:
- type: docker:index/volume:Volume
  name: shop-data
  parent: test:index:Shop::shop
  protect: true
  inputs:
    name: shop-data
- type: kubernetes:core/v1:ConfigMap
  name: conf
  parent: test:index:Shop::shop
  protect: true
  dependencies:
  - docker:index/volume:Volume::shop-data
{_aliases(text)}  inputs:
    apiVersion: v1
    data:
      a: |
        line 1
        line 2
      b: '1'
    kind: ConfigMap
- type: test:index:Shop
  name: shop
  protect: true
  inputs:
    size: 3
"""
    )
    assert yaml.safe_load(text)["exports"] == {"count": 2, "ratio": 0.5}


def _aliases(text: str) -> str:
    """The provider package's own aliases of a ConfigMap, if this version has any."""
    return "".join(line for line in text.splitlines(keepends=True) if line.startswith(("  aliases", "  - type=")))


def test_finding_nothing_says_what_there_is() -> None:
    recording: Recording = record(lambda: Shop("shop"))
    assert recording.of_type("Container") == []
    with pytest.raises(LookupError, match="0 resources are Volume 'data'; of that type there are: shop-data"):
        recording.one("Volume", "data")
    with pytest.raises(LookupError, match="no resource has the URN or name 'store'"):
        recording.children_of("store")


def test_many_resources_from_many_threads() -> None:
    def program() -> None:
        for number in range(200):
            docker.Volume(f"v{number:03}", name=f"v{number:03}").name.apply(lambda name: docker.Volume(f"{name}-more"))

    names = [resource.name for resource in record(program).resources]
    assert len(names) == 400
    assert names == sorted(names)
