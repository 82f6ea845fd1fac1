"""PromQL as far as a stack file needs it: whether an expression parses, and which series it asks. Pure.

Owns: syntax, and that functions over a range get one. Leaves to promtool, which reads every rule in the tests, what the
whole language allows. https://prometheus.io/docs/prometheus/latest/querying/basics/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, NoReturn

Kind = Literal["vector", "range", "scalar", "string"]

_TOKENS = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<span>(?:\d+(?:ms|[smhdwy]))+(?![\w.]))
    |(?P<number>0x[0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?!\w))
    |(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
    |(?P<name>:?[A-Za-z_][\w:]*)
    |(?P<sign>==|!=|>=|<=|=~|!~|[-+*/%^<>=(){}\[\],@:])""",
    re.VERBOSE,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


AGGREGATIONS = _words("avg bottomk count count_values group limitk limit_ratio max min quantile stddev stdvar sum topk")
OVER_A_RANGE = _words(
    "absent_over_time avg_over_time changes count_over_time delta deriv double_exponential_smoothing first_over_time"
    " idelta increase irate last_over_time mad_over_time max_over_time min_over_time predict_linear present_over_time"
    " quantile_over_time rate resets stddev_over_time stdvar_over_time sum_over_time ts_of_max_over_time"
    " ts_of_min_over_time"
)
OVER_A_VECTOR = _words(
    "abs absent acos acosh asin asinh atan atanh ceil clamp clamp_max clamp_min cos cosh day_of_month day_of_week"
    " day_of_year days_in_month deg exp floor histogram_avg histogram_count histogram_fraction histogram_quantile"
    " histogram_stddev histogram_stdvar histogram_sum hour info label_join label_replace ln log10 log2 minute month pi"
    " rad round scalar sgn sin sinh sort sort_by_label sort_by_label_desc sort_desc sqrt tan tanh time timestamp vector"
    " year"
)
_SCALARS = frozenset({"pi", "scalar", "time"})
_SETS = frozenset({"and", "or", "unless"})
_COMPARISONS = frozenset({"==", "!=", ">", "<", ">=", "<="})
_PRECEDENCE = {
    "or": 1,
    "and": 2,
    "unless": 2,
    "+": 4,
    "-": 4,
    "^": 6,
    **dict.fromkeys(_COMPARISONS, 3),
    **dict.fromkeys(("*", "/", "%", "atan2"), 5),
}
_UNARY = 6


class PromqlError(ValueError):
    """The expression can't be read; the text says where, never what stands there."""


@dataclass(frozen=True)
class Expression:
    """What an expression yields, and the series it asks."""

    kind: Kind
    series: frozenset[str]


def parse(text: str) -> Expression:
    """Raises PromqlError."""
    reader = _Reader(_tokens(text), len(text))
    kind = reader.expression(0)
    if reader.word != "":
        reader.fail("something after its end")
    return Expression(kind, frozenset(reader.series))


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text):
        match = _TOKENS.match(text, at)
        if match is None:
            msg = f"breaks at character {at + 1}: no such sign, or a quote that does not end"
            raise PromqlError(msg)
        if match.lastgroup != "space":
            found.append(_Token(str(match.lastgroup), match.group(), at))
        at = match.end()
    return found


@dataclass
class _Reader:
    tokens: list[_Token]
    length: int
    at: int = 0
    series: set[str] = field(default_factory=set[str])

    @property
    def word(self) -> str:
        """What comes next; empty at the end, and for a text, whose content is nobody's word."""
        token = self._next
        return "" if token is None else token.text

    @property
    def _next(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def fail(self, what: str) -> NoReturn:
        token = self._next
        msg = f"breaks at character {(self.length if token is None else token.at) + 1}: {what}"
        raise PromqlError(msg)

    def _take(self, kind: str, what: str) -> str:
        token = self._next
        if token is None or token.kind != kind:
            self.fail(f"{what} is wanted here")
        self.at += 1
        return token.text

    def _skip(self, *words: str) -> bool:
        token = self._next
        if token is None or token.kind == "text" or token.text not in words:
            return False
        self.at += 1
        return True

    def _want(self, sign: str) -> None:
        if not self._skip(sign):
            self.fail(f"`{sign}` is wanted here")

    def expression(self, least: int) -> Kind:
        """By precedence, each operator taking what binds tighter to its right."""
        left = self._unary()
        while (rank := _PRECEDENCE.get(self.word, 0)) > least:
            operator = self._next
            assert operator is not None
            self.at += 1
            self._matching(operator.text)
            right = self.expression(rank - 1 if operator.text == "^" else rank)
            left = self._joined(operator.text, left, right)
        return left

    def _joined(self, operator: str, left: Kind, right: Kind) -> Kind:
        sides = {left, right}
        if sides & {"range", "string"} or (operator in _SETS and sides != {"vector"}):
            self.fail(f"`{operator}` can't join what stands on its sides")
        return "vector" if "vector" in sides else "scalar"

    def _matching(self, operator: str) -> None:
        if self._skip("bool") and operator not in _COMPARISONS:
            self.fail("`bool` goes with a comparison")
        if self._skip("on", "ignoring"):
            self._labels()
            if self._skip("group_left", "group_right") and self.word == "(":
                self._labels()

    def _unary(self) -> Kind:
        if self._skip("-", "+"):
            return self.expression(_UNARY - 1)
        return self._postfixed(self._primary())

    def _postfixed(self, kind: Kind) -> Kind:
        while True:
            if self._skip("["):
                kind = self._range(kind)
            elif self._skip("offset"):
                self._skip("-")
                self._take("span", "a time such as 5m")
            elif self._skip("@"):
                if not self._skip("start", "end"):
                    self._take("number", "a time")
                elif self._skip("("):
                    self._want(")")
            else:
                return kind

    def _range(self, kind: Kind) -> Kind:
        if kind != "vector":
            self.fail("only a vector has a range")
        self._take("span", "a time such as 5m")
        if self._skip(":") and self.word != "]":
            self._take("span", "a time such as 1m")
        self._want("]")
        return "range"

    def _primary(self) -> Kind:
        token = self._next
        if token is None:
            self.fail("it ends too early")
        self.at += 1
        match token.kind:
            case "number":
                return "scalar"
            case "text":
                return "string"
            case "name":
                return self._named(token.text)
            case "sign" if token.text == "(":
                kind = self.expression(0)
                self._want(")")
                return kind
            case "sign" if token.text == "{":
                return self._selector(None)
            case _:
                self.at -= 1
                return self.fail("a series, a number or a function is wanted here")

    def _named(self, name: str) -> Kind:
        if name in AGGREGATIONS and self.word in ("(", "by", "without"):
            return self._aggregation()
        if self._skip("("):
            return self._call(name)
        if name.lower() in ("inf", "nan"):
            return "scalar"
        if name in _PRECEDENCE or name in ("by", "without", "on", "ignoring", "bool", "offset"):
            self.at -= 1
            self.fail("a series is wanted here")
        return self._selector(name) if self._skip("{") else self._series(name)

    def _series(self, name: str) -> Kind:
        self.series.add(name)
        return "vector"

    def _call(self, name: str) -> Kind:
        if name not in OVER_A_RANGE | OVER_A_VECTOR:
            self.at -= 2
            self.fail("no such function")
        kinds = self._arguments()
        if name in OVER_A_RANGE and kinds.count("range") != 1:
            self.fail(f"{name} wants a range such as [5m]")
        if name in OVER_A_VECTOR and "range" in kinds:
            self.fail(f"{name} wants no range")
        return "scalar" if name in _SCALARS else "vector"

    def _aggregation(self) -> Kind:
        grouped = self._grouping()
        self._want("(")
        kinds = self._arguments()
        if not kinds or kinds[-1] != "vector":
            self.fail("an aggregation wants a vector")
        if not grouped:
            self._grouping()
        return "vector"

    def _grouping(self) -> bool:
        if not self._skip("by", "without"):
            return False
        self._labels()
        return True

    def _arguments(self) -> list[Kind]:
        found: list[Kind] = []
        while not self._skip(")"):
            found.append(self.expression(0))
            if self.word != ")":
                self._want(",")
        return found

    def _labels(self) -> None:
        self._want("(")
        while not self._skip(")"):
            self._take("name", "a label")
            if self.word != ")":
                self._want(",")

    def _selector(self, name: str | None) -> Kind:
        narrowed = name is not None
        while not self._skip("}"):
            label = self._take("name", "a label")
            if not self._skip("=", "!=", "=~", "!~"):
                self.fail("one of = != =~ !~ is wanted here")
            sign = self.tokens[self.at - 1].text
            value = self._take("text", "a quoted text")[1:-1]
            if "~" in sign:
                self._pattern(value)
            if label == "__name__" and sign == "=":
                name = value
            narrowed = narrowed or (value != "" and sign in ("=", "=~"))
            if self.word != "}":
                self._want(",")
        if not narrowed:
            self.fail("it would ask every series: name one")
        return "vector" if name is None else self._series(name)

    def _pattern(self, value: str) -> None:
        try:
            re.compile(value)
        except re.error:
            self.fail("a pattern before this is no regular expression")
