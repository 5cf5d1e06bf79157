"""Check a server: all subjects of ``ci mcp check``, from one run of the client."""

from __future__ import annotations

from dataclasses import dataclass

from ci_engine.findings.results import CheckResult, Status
from ci_engine.mcp.server_run import Observed, ServerRun
from ci_engine.mcp.snapshot import judge_snapshot, read_snapshot
from ci_engine.mcp.speaking import judge_calls, judge_protocol, judge_schemas
from ci_engine.mcp.starting import judge_end, judge_output, judge_start
from ci_engine.mcp.stateless import judge_stateless


@dataclass(frozen=True)
class ServerCheck:
    """What to check, and what to do with the snapshot."""

    run: ServerRun
    update: bool = False
    dry_run: bool = False

    def results(self) -> list[CheckResult]:
        """Run the client, and judge its observations."""
        if not self.update:
            # An invalid snapshot ends the command before anything is started.
            read_snapshot(self.run.project.root, self.run.settings.snapshot)
        observed = self.run.observe()
        checks = self._judge(observed)
        if observed.timed_out:
            checks[0].status = Status.TIMED_OUT
            checks[0].reason = f"killed after {self.run.timeout:g} s"
        for check in checks:
            check.tool = observed.client
            check.environment = self.run.environment.name
        return checks

    def _judge(self, observed: Observed) -> list[CheckResult]:
        settings, observations = self.run.settings, observed.observations
        name = settings.snapshot
        snapshot = judge_snapshot(
            observations,
            self.run.project.root,
            name,
            update=self.update,
            dry_run=self.dry_run,
        )
        return [
            judge_start(observations, settings),
            judge_protocol(observations, settings),
            judge_output(observations),
            judge_schemas(observations),
            snapshot,
            judge_calls(observations, settings),
            judge_stateless(observations, settings),
            judge_end(observations, settings),
        ]
