"""The log of act: how the jobs and steps of a run ended, and what they left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast


@dataclass
class Run:
    """What happened: results of jobs, legs and steps, outputs, artifacts, the log.

    A leg is the id of its job, with its Python and shard if the job has a matrix.
    Outputs are those of the steps of a job, not of the steps inside of an action.
    """

    code: int
    artifacts: Path
    results: dict[str, str] = field(default_factory=dict[str, str])
    matrix_jobs: dict[str, str] = field(default_factory=dict[str, str])
    steps: dict[tuple[str, str], str] = field(
        default_factory=dict[tuple[str, str], str]
    )
    outputs: dict[tuple[str, str], dict[str, str]] = field(
        default_factory=dict[tuple[str, str], dict[str, str]]
    )
    text: str = ""

    def report(self, artifact: str) -> dict[str, object]:
        """The result file in the artifact that a job of the first attempt left."""
        path = self.artifacts / f"{artifact}-1" / "result.json"
        return cast("dict[str, object]", json.loads(path.read_text(encoding="utf-8")))

    def page(self) -> str:
        """The summary page."""
        path = self.artifacts / "summary-1" / "summary.md"
        return path.read_text(encoding="utf-8")

    def ended(self) -> dict[str, str]:
        """How each matrix job ended, without those that were skipped."""
        return {
            matrix_job: end
            for matrix_job, end in self.matrix_jobs.items()
            if end != "skipped"
        }


def read_log(run: Run, log: str) -> None:
    """Read the log of act, one JSON object per line, into a run."""
    lines: list[str] = []
    for line in log.splitlines():
        try:
            entry = cast("dict[str, object]", json.loads(line))
        except ValueError:
            lines.append(line)
            continue
        job = str(entry.get("jobID", ""))
        matrix = cast("dict[str, object]", entry.get("matrix") or {})
        matrix_job = _named(job, matrix)
        lines.append(f"[{matrix_job}] {str(entry.get('msg', '')).rstrip()}")
        if "jobResult" in entry:
            result = str(entry["jobResult"])
            run.matrix_jobs[matrix_job] = result
            if run.results.get(job) != "failure":
                run.results[job] = result
            # A matrix job that ends after another one failed inherits that failure from
            # act; whether it failed itself is what its own steps say.
            ends = {end for (of, _), end in run.steps.items() if of == matrix_job}
            if matrix and "failure" not in ends:
                run.matrix_jobs[matrix_job] = "success"
        if "stepResult" in entry and entry.get("stage") == "Main":
            run.steps[matrix_job, str(entry.get("step"))] = str(entry["stepResult"])
        steps = cast("list[str]", entry.get("stepID") or [])
        if entry.get("command") == "set-output" and len(steps) == 1:
            output = run.outputs.setdefault((matrix_job, steps[0]), {})
            output[str(entry["name"])] = str(entry["arg"])
    run.text = "\n".join(lines)


def _named(job: str, matrix: Mapping[str, object]) -> str:
    """A job by its id, and what distinguishes it in its matrix."""
    low = matrix.get("resolution") == "lowest-direct"
    parts = (job, matrix.get("python-version"), matrix.get("shard"), low and "lowest")
    return " ".join(str(part) for part in parts if part)
