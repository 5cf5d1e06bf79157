"""The table that measurements of rules for regressions print."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable

CHANGES = (1.10, 1.15, 1.20, 1.30)


def print_table(
    about: str,
    rows: Iterable[tuple[str, str]],
    red: Callable[[str, str, int], float],
    found: Callable[[str, str, float, int], float],
    usual: tuple[int, int],
) -> None:
    """Print one line for each noise and rule.

    Args:
        about: what is measured.
        rows: names of noises and rules.
        red: the share of red suites of identical code.
        found: the share of changed benchmarks that are called slower.
        usual: how many benchmarks and suites there are if no other number is given.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--benchmarks", type=int, default=usual[0])
    parser.add_argument("--suites", type=int, default=usual[1])
    given = parser.parse_args()
    heads = "".join(f"{f'{change - 1:.0%}':>8}" for change in CHANGES)
    sys.stdout.write(f"{'noise':<10}{'rule':<32}{'red suites':>12}{heads}\n")
    for noise, rule in rows:
        suites = red(noise, rule, given.suites)
        shares = "".join(
            f"{found(noise, rule, change, given.benchmarks):>8.1%}"
            for change in CHANGES
        )
        sys.stdout.write(f"{noise:<10}{rule:<32}{suites:>12.1%}{shares}\n")
        sys.stdout.flush()
