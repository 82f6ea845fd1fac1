"""Expressions that people write are read as Prometheus reads them; broken ones are refused by place."""

from __future__ import annotations

import pytest

from components.promql import PromqlError, parse


@pytest.mark.parametrize(
    ("text", "kind", "series"),
    [
        ("up", "vector", {"up"}),
        ("1 + 2 ^ -3", "scalar", set()),
        ("time() - max(tip_seconds) > 3600", "vector", {"tip_seconds"}),
        (
            'sum by (code) (rate(http_total{job="api",code=~"5.."}[5m])) / ignoring (code) group_left sum(x)',
            "vector",
            {"http_total", "x"},
        ),
        ("sum(rate(a[5m])) by (b)", "vector", {"a"}),
        ("a > bool 1 and on (x) b offset 5m unless c @ 1700000000", "vector", {"a", "b", "c"}),
        ('{__name__="a:b",x!=""}', "vector", {"a:b"}),
        ("max_over_time(rate(a[5m])[1h:1m]) or vector(0)", "vector", {"a"}),
        ("avg_over_time(a[1h:])", "vector", {"a"}),
        ('label_replace(a, "x", "${1}xx", "y", "(.)..") # why', "vector", {"a"}),
        ("quantile_over_time(0.99, slipway:x[1h30m])", "vector", {"slipway:x"}),
        ("-a / 1e-3 % Inf", "vector", {"a"}),
        ("topk(3, a) by (b)", "vector", {"a"}),
        ("'text'", "string", set()),
        ("count(a) without (instance,)", "vector", {"a"}),
    ],
)
def test_what_parses(text: str, kind: str, series: set[str]) -> None:
    read = parse(text)
    assert (read.kind, read.series) == (kind, series)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "breaks at character 1: it ends too early"),
        ("sum(rate(a[5m])", "breaks at character 16: `,` is wanted here"),
        ("a >", "breaks at character 4: it ends too early"),
        ("a b", "breaks at character 3: something after its end"),
        ('a{x="1}', "breaks at character 5: no such sign, or a quote that does not end"),
        ("rate(a)", "breaks at character 8: rate wants a range such as [5m]"),
        ("abs(a[5m])", "breaks at character 11: abs wants no range"),
        ("increas(a[5m])", "breaks at character 1: no such function"),
        ("a and 1", "breaks at character 8: `and` can't join what stands on its sides"),
        ("a[5m] > 1", "breaks at character 10: `>` can't join what stands on its sides"),
        ("a + bool b", "breaks at character 10: `bool` goes with a comparison"),
        ("{}", "breaks at character 3: it would ask every series: name one"),
        ('a{x=~"("}', "breaks at character 9: a pattern before this is no regular expression"),
        ("a{x}", "breaks at character 4: one of = != =~ !~ is wanted here"),
        ("a offset b", "breaks at character 10: a time such as 5m is wanted here"),
        ("(1)[5m]", "breaks at character 5: only a vector has a range"),
        ("sum(1)", "breaks at character 7: an aggregation wants a vector"),
        ("or", "breaks at character 1: a series is wanted here"),
        ("* a", "breaks at character 1: a series, a number or a function is wanted here"),
    ],
)
def test_what_does_not(text: str, why: str) -> None:
    with pytest.raises(PromqlError) as caught:
        parse(text)
    assert str(caught.value) == why
