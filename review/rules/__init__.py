"""Posture: rules R01 to R34 over the objects of a stack, and what newly fails or passes."""

from review.rules.breach import Breach
from review.rules.catalogue import RULES, Rule, breaches

__all__ = ["RULES", "Breach", "Rule", "breaches"]
