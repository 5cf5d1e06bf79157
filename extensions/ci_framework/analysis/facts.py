"""The facts about a repository."""

from __future__ import annotations

from collections.abc import Iterable

from ci_framework.analysis.purposes.vocabulary import FACTS
from ci_framework.inventory import Confidence, Evidence, Fact, Value


class Findings:
    """The facts found so far."""

    def __init__(self) -> None:
        """Start without facts."""
        self._facts: dict[str, Fact] = {}

    def add(
        self,
        name: str,
        value: Value,
        because: str,
        evidence: Iterable[Evidence] = (),
        confidence: Confidence = "certain",
    ) -> None:
        """Add a fact; its name has to be one of ``FACTS``."""
        if name not in FACTS:
            raise KeyError(name)
        self._facts[name] = Fact(
            name=name,
            value=value,
            confidence=confidence,
            evidence=list(dict.fromkeys(evidence)),
            because=because,
        )

    def items(self, name: str) -> list[str]:
        """The value of a fact that is a list; empty if there is none."""
        fact = self._facts.get(name)
        return list(fact.value) if fact and isinstance(fact.value, list) else []

    def value(self, name: str) -> Value:
        """The value of a fact; None if it is not stated."""
        fact = self._facts.get(name)
        return fact.value if fact else None

    def all(self) -> list[Fact]:
        """Every fact, sorted by name."""
        return [self._facts[name] for name in sorted(self._facts)]
