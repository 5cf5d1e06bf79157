"""Compute the result of each benchmark, and that of the run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import msgspec

from ci_engine.benchmarks.decision import (
    Evidence,
    decide,
    holm,
    lower_quartile,
    noise_floor,
    rank_sum_p,
)
from ci_engine.benchmarks.measuring import Measurements, Times
from ci_engine.configuration.performance_settings import Performance
from ci_engine.findings.benchmark_results import (
    BENCHMARK_VERDICTS,
    BenchmarkResult,
    Comparison,
)
from ci_engine.findings.results import (
    CheckResult,
    Finding,
    Status,
    TestCase,
    name_some,
)

_MOST_NAMES = 5
_OUTCOMES = {
    "regression": "failed",
    "failed": "failed",
    "unstable": "skipped",
    "removed": "skipped",
}
_VARIES = "some processes have no benchmark of this name: give it a constant name"


@dataclass(frozen=True)
class Judge:
    """Judges the benchmarks of a run."""

    found: Measurements
    performance: Performance

    @cached_property
    def evidence(self) -> dict[str, Evidence]:
        """The times of the benchmarks that both sides have."""
        found: dict[str, Evidence] = {}
        for name in self.found.first.names:
            sample = self.found.first.sample(name)
            if sample is not None and name not in self.found.failed["head"]:
                found[name] = Evidence(sample, self.found.again.sample(name))
        return found

    @cached_property
    def floor(self) -> float:
        """The noise floor of the run."""
        return noise_floor(each.interval for each in self.evidence.values()) or 0.0

    def results(self) -> list[BenchmarkResult]:
        """One result for each benchmark, the worst first."""
        found = self.found
        names = dict.fromkeys((*found.first.head.seconds, *found.first.base.seconds))
        failed = [name for name in found.failed["head"] if name not in names]
        results = [self._result(name) for name in (*names, *failed)]
        compared = [each for each in results if each.p is not None]
        adjusted = holm([each.p or 0.0 for each in compared])
        for each, p in zip(compared, adjusted, strict=True):
            results[results.index(each)] = msgspec.structs.replace(each, p=p)
        order = BENCHMARK_VERDICTS.index
        return sorted(
            results, key=lambda each: (order(each.verdict), -(each.ratio or 0.0))
        )

    def _result(self, name: str) -> BenchmarkResult:
        found = self.found
        group = found.groups.get(name, "")
        base = found.first.base.seconds.get(name, [])
        head = found.first.head.seconds.get(name, [])
        plain = BenchmarkResult(
            name=name,
            group=group,
            verdict="unchanged",
            threshold=self.performance.threshold_of(name, group),
            base=lower_quartile(base) if base else None,
            head=lower_quartile(head) if head else None,
            base_processes=len(base),
            head_processes=len(head),
        )
        if name in found.failed["head"]:
            also = "; it fails on the base as well" * (name in found.failed["base"])
            reason = f"{found.failed['head'][name].message.strip()[-200:]}{also}"
            return msgspec.structs.replace(plain, verdict="failed", reason=reason)
        if name in self.evidence:
            return self._compared(plain, self.evidence[name])
        return self._on_one_side(plain)

    def _compared(self, plain: BenchmarkResult, evidence: Evidence) -> BenchmarkResult:
        every, known = evidence.every, evidence.interval
        again, threshold = evidence.again, plain.threshold
        verdict = decide(evidence, threshold, self.floor)
        reason = ""
        if verdict == "unstable":
            reason = f"the times vary too much to detect a change of {threshold:.0%}"
            if again is None and evidence.first.changed(threshold):
                reason = "there was no time to confirm the change: raise the budget"
            elif decide(evidence, threshold) != verdict:
                reason = (
                    f"the machine is too busy to be sure: the noise floor is "
                    f"{self.floor:.0%}"
                )
        return msgspec.structs.replace(
            plain,
            verdict=verdict,
            reason=reason,
            base=lower_quartile(every.base),
            head=lower_quartile(every.head),
            ratio=every.ratio,
            low=known.low,
            high=known.high,
            confirmed=again.ratio if again else None,
            p=rank_sum_p(every),
            base_processes=len(every.base),
            head_processes=len(every.head),
        )

    def _on_one_side(self, plain: BenchmarkResult) -> BenchmarkResult:
        first = self.found.first
        if plain.base_processes and plain.head_processes:
            few = min(plain.base_processes, plain.head_processes)
            rare = few < min(first.base.processes, first.head.processes)
            reason = _VARIES if rare else f"only {few} processes measured it"
            return msgspec.structs.replace(plain, verdict="unstable", reason=reason)
        if plain.head_processes:
            return _alone(plain, first.head, plain.head_processes, "new")
        if plain.name in self.found.failed["base"]:
            reason = "it fails on the base"
            return msgspec.structs.replace(plain, verdict="new", reason=reason)
        return _alone(plain, first.base, plain.base_processes, "removed")


def _alone(
    plain: BenchmarkResult, times: Times, count: int, verdict: str
) -> BenchmarkResult:
    """A benchmark of one side: present in every process, or only in some."""
    if count < times.processes and times.processes > 1:
        return msgspec.structs.replace(plain, verdict="unstable", reason=_VARIES)
    return msgspec.structs.replace(plain, verdict=verdict)


def judge(found: Measurements, performance: Performance, suite: str) -> CheckResult:
    """Judge a run: regressions and failures of the head fail it."""
    judged = Judge(found, performance)
    results = judged.results()
    noise = judged.floor if judged.evidence else None
    comparison = Comparison(suite=suite, benchmarks=results, noise=noise)
    check = CheckResult(id="benchmarks", comparison=comparison)
    check.tests = [_test_case(each) for each in results]
    check.findings = list(_findings(results, found))
    check.new = len(check.findings)
    check.status = Status.FAILED if check.findings else Status.PASSED
    check.notes = list(_notes(results, found))
    problem = found.problems.get("head")
    if problem is not None:
        status = Status.TIMED_OUT if problem.timed_out else Status.FAILED
        check.status = Status.NOT_RUN if "base" in found.problems else status
        both = " on both sides" if "base" in found.problems else ""
        check.reason = f"the suite did not finish{both}: {problem.problem}"
    elif not check.findings and not any(each.head_processes for each in results):
        check.status = Status.NOT_RUN
        check.reason = "nothing was measured: the suite has no benchmark"
    elif "base" in found.problems:
        # The head repairs what is broken on the base: there is nothing to compare.
        text = found.problems["base"].problem
        check.status = check.status if check.findings else Status.SKIPPED
        check.reason = f"not compared: the suite of the base fails: {text}"
    if check.status not in (Status.PASSED, Status.SKIPPED):
        check.output = found.output.get("head", "")
    return check


def describe_change(each: BenchmarkResult) -> str:
    """How much slower or faster it became, with the interval."""
    if each.ratio is None or each.low is None or each.high is None:
        return ""
    word = "slower" if each.ratio > 1 else "faster"
    ends = f"{each.low - 1:+.1%} to {each.high - 1:+.1%}"
    return f"{abs(each.ratio - 1):.1%} {word} ({ends})"


def _findings(results: list[BenchmarkResult], found: Measurements) -> Iterator[Finding]:
    for each in results:
        path = each.name.partition("::")[0]
        if each.verdict == "regression":
            message = (
                f"{each.name} is {describe_change(each)}; accepted: "
                f"{each.threshold:.0%}"
            )
        elif each.verdict == "failed":
            message = f"{each.name} fails: {each.reason}"
        else:
            continue
        test = found.failed["head"].get(each.name)
        yield Finding(
            tool="ci-framework",
            rule=f"benchmark-{each.verdict}",
            message=message,
            path=test.path if test and test.path else path,
            line=test.line if test else 0,
            test=each.name,
        )


def _notes(results: list[BenchmarkResult], found: Measurements) -> Iterator[str]:
    unstable = [each.name for each in results if each.verdict == "unstable"]
    if unstable:
        yield (
            f"no verdict on {len(unstable)} of {len(results)} benchmarks, which are "
            f"unstable: {name_some(unstable, _MOST_NAMES)}"
        )
    if found.out_of_time:
        yield (
            "the time budget ran out before every benchmark was decided: "
            "raise performance.quick.budget-seconds, or make the benchmarks shorter"
        )


def _test_case(each: BenchmarkResult) -> TestCase:
    return TestCase(
        id=each.name,
        outcome=_OUTCOMES.get(each.verdict, "passed"),
        seconds=each.head or 0.0,
        path=each.name.partition("::")[0],
        message=each.reason or describe_change(each),
    )
