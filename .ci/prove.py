"""Test what needs a network, on a connected machine.

``uv run .ci/prove.py pixi`` renders each kind of project with pixi, solves its
environments and runs its gate. ``uv run .ci/prove.py github --owner NAME`` creates a
public repository there and follows a pull request through its workflows.
``docs/proving.md`` describes the expected results. Each step prints ok or FAILED.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import cast

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "https://github.com/MementoRC/ci-framework"
KINDS = ("library", "application", "mcp-server", "monorepo")
NEEDED = {
    "pixi": {"pixi": "https://pixi.sh", "git": "https://git-scm.com"},
    "github": {
        "gh": "https://cli.github.com",
        "git": "https://git-scm.com",
        "npx": "https://nodejs.org",
    },
}
RENOVATE = "renovate@44.121.2"
# An unused import, which F401 reports, and the fix in the pull request.
BROKEN, CORRECTED = "import os\n", '"""A module."""\n'
_MODULE = Path("src/proof/more.py")
_POLL_SECONDS = 20.0
_LAST_LINES = 15


class StepError(Exception):
    """A step failed."""


def run(*command: str, cwd: Path) -> str:
    """Run a program and return its output.

    Raises:
        StepError: with the end of its output, if it fails.
    """
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        rows = (done.stdout + done.stderr).splitlines()[-_LAST_LINES:]
        raise StepError("\n".join((f"exit code {done.returncode}", *rows)))
    return done.stdout


def report(text: str) -> None:
    """Print a line immediately: a step may take many minutes."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def render(project: Path, template: str, **answers: str) -> None:
    """Render the commit of this checkout, and commit the result."""
    values = {"project_name": "proof", "setup": "customise", **answers}
    data = [f"--data={name}={value}" for name, value in values.items()]
    ref = run("git", "rev-parse", "HEAD", cwd=ROOT).strip()
    copier = (sys.executable, "-m", "copier", "copy", "--quiet", "--defaults")
    run(*copier, f"--vcs-ref={ref}", *data, template, str(project), cwd=ROOT)
    run("git", "init", "--quiet", "--initial-branch=main", cwd=project)
    commit(project, "feat: start")


def commit(project: Path, message: str) -> None:
    """Commit everything."""
    run("git", "add", "--all", cwd=project)
    names = ("-c", "user.name=Proof", "-c", "user.email=proof@example.org")
    run("git", *names, "commit", "--quiet", f"--message={message}", cwd=project)


Step = tuple[str, Callable[[], object]]


def pixi_steps(directory: Path, template: str, _owner: str) -> Iterator[Step]:
    """Solve each kind of project and run its gate."""
    for kind in KINDS:
        project = directory / kind
        answers = {"package_manager": "pixi", "project_type": kind}
        yield f"{kind}: render", partial(render, project, template, **answers)
        for what, command in (
            ("solve", ("pixi", "lock")),
            ("install", ("pixi", "install", "--all", "--locked")),
            ("gate", ("ci-framework/ci", "gate", "--tier", "full")),
        ):
            yield f"{kind}: {what}", partial(run, *command, cwd=project)


def github_steps(directory: Path, template: str, owner: str) -> Iterator[Step]:
    """Follow a pull request from red to green."""
    project = directory / "proof"
    name = f"{owner}/ci-framework-proof-{int(time.time())}"
    hub = GitHub(project, name)
    answers = {"package_manager": "uv", "repository": f"https://github.com/{name}"}
    yield "render", partial(render, project, template, **answers)
    yield f"create {name}", hub.create
    yield "main is green", partial(hub.expect_runs, "main", "success")
    yield "require ci-success", hub.protect
    yield "open a pull request", partial(hub.propose, BROKEN)
    yield "the pull request is red", partial(hub.expect_runs, "change", "failure")
    yield "a comment names F401", partial(hub.expect_comment, "F401")
    yield "the merge is blocked", partial(hub.expect_merge_state, "BLOCKED")
    yield "correct it", partial(hub.push, CORRECTED)
    yield "the pull request is green", partial(hub.expect_runs, "change", "success")
    yield "the merge is allowed", partial(hub.expect_merge_state, "CLEAN")
    yield "code scanning has the findings", hub.expect_analyses
    yield "Dependabot has read its file", hub.expect_dependabot
    yield "Renovate reads its file", partial(read_by_renovate, directory, template)


def read_by_renovate(directory: Path, template: str) -> None:
    """Let Renovate read the file of a render, without changing anything."""
    project = directory / "renovate"
    answers = {"package_manager": "uv", "update_bot": "renovate"}
    render(project, template, **answers)
    words = ("npx", "--yes", f"--package={RENOVATE}", "renovate")
    output = run(*words, "--platform=local", "--dry-run=extract", cwd=project)
    if "github-actions" not in output:
        raise StepError("it found no action to update")


class GitHub:
    """One repository, accessed with the GitHub CLI."""

    def __init__(self, project: Path, name: str, minutes: float = 30) -> None:
        self.project, self.name, self.seconds = project, name, minutes * 60

    def _gh(self, *arguments: str) -> str:
        return run("gh", *arguments, cwd=self.project)

    def _json(self, *arguments: str) -> object:
        return json.loads(self._gh(*arguments))

    def _rows(self, *arguments: str) -> list[dict[str, str]]:
        return cast("list[dict[str, str]]", self._json(*arguments))

    def _wait(self, what: str, condition: Callable[[], bool]) -> None:
        """Poll until a condition is true."""
        end = time.monotonic() + self.seconds
        while not condition():
            if time.monotonic() > end:
                raise StepError(f"not after {self.seconds / 60:.0f} minutes: {what}")
            time.sleep(_POLL_SECONDS)

    def create(self) -> None:
        """Create it as public, because code scanning is free only there."""
        options = ("--public", "--source=.", "--push")
        self._gh("repo", "create", self.name, *options)

    def protect(self) -> None:
        """Require ci-success before a merge into main."""
        path = self.project.parent / "protection.json"
        checks = {"strict": False, "contexts": ["ci-success"]}
        rules = {"required_status_checks": checks, "enforce_admins": True}
        others = dict.fromkeys(("required_pull_request_reviews", "restrictions"))
        path.write_text(json.dumps({**rules, **others}), encoding="utf-8")
        address = f"repos/{self.name}/branches/main/protection"
        self._gh("api", "--method=PUT", address, f"--input={path}")

    def propose(self, text: str) -> None:
        """Open a pull request with one more module."""
        run("git", "switch", "--quiet", "--create", "change", cwd=self.project)
        self.push(text)
        words = ("--title=feat: change", "--body=A proof.", "--base=main")
        self._gh("pr", "create", "--head=change", *words)

    def push(self, text: str) -> None:
        """Write the module and push it."""
        (self.project / _MODULE).write_text(text, encoding="utf-8")
        commit(self.project, "feat: change")
        run("git", "push", "--quiet", "origin", "change", cwd=self.project)

    def expect_runs(self, branch: str, conclusion: str) -> None:
        """Wait for the Python CI workflow of the newest commit of a branch."""
        head = run("git", "rev-parse", branch, cwd=self.project).strip()
        fields = "--json=headSha,status,conclusion,workflowName"
        found: list[dict[str, str]] = []

        def ended() -> bool:
            runs = self._rows("run", "list", f"--branch={branch}", fields)
            mine = [r for r in runs if r["headSha"] == head]
            found[:] = [r for r in mine if r["workflowName"] == "Python CI"]
            return bool(found) and all(r["status"] == "completed" for r in found)

        self._wait(f"the end of Python CI on {branch}", ended)
        ends = {entry["conclusion"] for entry in found}
        if ends != {conclusion}:
            raise StepError(f"expected {conclusion}, got {', '.join(sorted(ends))}")

    def expect_comment(self, text: str) -> None:
        """Wait for the comment of the job comment."""

        def there() -> bool:
            view = self._json("pr", "view", "change", "--json=comments")
            comments = cast("dict[str, list[dict[str, str]]]", view)["comments"]
            return any(text in each["body"] for each in comments)

        self._wait(f"a comment with {text}", there)

    def expect_merge_state(self, state: str) -> None:
        """Wait until GitHub allows the merge, or blocks it."""

        def there() -> bool:
            view = self._json("pr", "view", "change", "--json=mergeStateStatus")
            return view == {"mergeStateStatus": state}

        self._wait(f"merge state {state}", there)

    def expect_analyses(self) -> None:
        """Wait for an upload of our SARIF."""
        address = f"repos/{self.name}/code-scanning/analyses"

        def there() -> bool:
            found = self._rows("api", address)
            return any(a["category"].startswith("ci-framework/") for a in found)

        self._wait("an analysis of ci-framework", there)

    def expect_dependabot(self) -> None:
        """Wait for a run of Dependabot; it starts none for an invalid file."""
        fields = ("--json=conclusion,workflowName",)

        def there() -> bool:
            runs = self._rows("run", "list", "--limit=50", *fields)
            names = ("Dependabot Updates", "pip", "uv", "github_actions")
            mine = [r for r in runs if r["workflowName"].startswith(names)]
            return any(r["conclusion"] == "success" for r in mine)

        self._wait("a run of Dependabot", there)


STEPS = {"pixi": pixi_steps, "github": github_steps}


def missing_programs(part: str) -> list[str]:
    """The missing programs, and where to get them."""
    return [
        f"{program}: not found; install it from {address}"
        for program, address in NEEDED[part].items()
        if shutil.which(program) is None
    ]


def prove(steps: Iterator[Step]) -> bool:
    """Run the steps in order; a failure ends those that depend on it."""
    failed: str | None = None
    for title, action in steps:
        # The kinds of projects do not depend on each other.
        kind = title.rpartition(": ")[0]
        if failed == kind:
            report(f"skipped  {title}")
            continue
        started = time.monotonic()
        try:
            action()
        except StepError as error:
            failed = kind
            report(f"FAILED   {title}\n{error}")
        else:
            report(f"ok       {title} ({time.monotonic() - started:.0f} s)")
    return failed is None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one part; 1 if a step failed, 3 if a program is missing."""
    parser = argparse.ArgumentParser(description="Prove what needs a network.")
    parser.add_argument("part", choices=sorted(STEPS))
    parser.add_argument("--owner", default="", help="the owner of the repository")
    parser.add_argument("--directory", type=Path, help="an empty directory to work in")
    parser.add_argument("--template", default="", help="where the template is")
    options = parser.parse_args(arguments)
    if options.part == "github" and not options.owner:
        parser.error("--owner: required for github")
    missing = missing_programs(options.part)
    if missing:
        sys.stderr.write("".join(f"{line}\n" for line in missing))
        return 3
    directory = options.directory or Path(tempfile.mkdtemp(prefix="ci-framework-"))
    directory.mkdir(parents=True, exist_ok=True)
    report(f"working in {directory}")
    # GitHub can only fetch the engine if this commit was pushed.
    template = options.template or (TEMPLATE if options.part == "github" else str(ROOT))
    good = prove(STEPS[options.part](directory, template, options.owner))
    report("proved" if good else "not proved")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
