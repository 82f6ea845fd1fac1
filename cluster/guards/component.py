"""ClusterGuards: the API server refuses to delete what holds data, whoever asks.

Owns: the policy. Leaves alone: putting its label on objects, which their makers do (`components/guards.py`).
https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
"""

from __future__ import annotations

import pulumi
from pulumi_kubernetes.admissionregistration.v1 import (
    MatchResourcesArgs,
    NamedRuleWithOperationsArgs,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    ValidatingAdmissionPolicyBindingSpecArgs,
    ValidatingAdmissionPolicySpecArgs,
    ValidationArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from cluster.labels import OURS
from components.guards import APPROVAL, PROTECTED

POLICY = "deletion.slipway.dev"

KINDS = (
    ("", "v1", ("namespaces", "persistentvolumeclaims", "persistentvolumes")),
    ("apiextensions.k8s.io", "v1", ("customresourcedefinitions",)),
    ("postgresql.cnpg.io", "v1", ("clusters",)),
)
"""Group, version and resources: deleting one of these is how data is lost."""

APPROVED = (
    f"oldObject.metadata.?annotations[?'{APPROVAL}'].orValue('') == oldObject.metadata.name"  # nobody guesses a name
)
MESSAGE = (
    "'this object holds data and is protected; read docs/guides/cluster.md, then: kubectl annotate ' + "
    f"request.resource.resource + ' ' + oldObject.metadata.name + ' {APPROVAL}=' + oldObject.metadata.name"
)


class ClusterGuards(pulumi.ComponentResource):
    """Makes one ValidatingAdmissionPolicy over labelled objects, and binds it in the whole cluster. Both are protected."""

    def __init__(
        self, name: str, *, provider: pulumi.ProviderResource, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("slipway:index:ClusterGuards", name, {}, opts)
        options = pulumi.ResourceOptions(parent=self, provider=provider, protect=True, retain_on_delete=True)
        policy = ValidatingAdmissionPolicy(
            f"{name}-policy",
            metadata=ObjectMetaArgs(name=POLICY, labels=OURS),
            spec=ValidatingAdmissionPolicySpecArgs(
                failure_policy="Fail",
                match_constraints=MatchResourcesArgs(
                    object_selector=LabelSelectorArgs(match_labels=PROTECTED),
                    resource_rules=[
                        NamedRuleWithOperationsArgs(
                            api_groups=[group],
                            api_versions=[version],
                            operations=["DELETE"],
                            resources=list(resources),
                        )
                        for group, version, resources in KINDS
                    ],
                ),
                validations=[ValidationArgs(expression=APPROVED, message_expression=MESSAGE, reason="Forbidden")],
            ),
            opts=options,
        )
        ValidatingAdmissionPolicyBinding(
            f"{name}-binding",
            metadata=ObjectMetaArgs(name=POLICY, labels=OURS),
            spec=ValidatingAdmissionPolicyBindingSpecArgs(
                policy_name=policy.metadata.name, validation_actions=["Deny", "Audit"]
            ),
            opts=options,
        )
        self.register_outputs({})
