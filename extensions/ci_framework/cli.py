"""The command line: ``ci-framework COMMAND``."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ci_engine.errors import CommandError, ToolError, UsageError
from ci_framework import __version__

if TYPE_CHECKING:
    from ci_framework.fleet.state import Action
    from ci_framework.planning.build import PlanRequest

__all__ = ["main"]

_EXIT_CODES = """\
exit codes: 0 done; 1 the project's tests or checks got worse; 2 wrong usage, or a
repository that is not ready; 3 not validated, or a tool could not run. Nothing of the
repository is executed before you agreed to the validation.
"""


class _Arguments(argparse.Namespace):
    """Everything the command line may hold, typed."""

    command: str
    action: Action
    path: str
    json: bool
    report_dir: str
    template: str
    vcs_ref: str
    answer: list[str]
    answers: str
    write_answers: str
    capabilities: bool
    retire: list[str]
    plan: str
    branch: str
    dry_run: bool
    yes: bool
    static: bool
    timeout: float
    repositories: str
    workspace: str
    jobs: int
    limit: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parsed = _parser().parse_args(arguments, namespace=_Arguments())
    try:
        return _COMMANDS[parsed.command](parsed)
    except CommandError as error:
        sys.stderr.write(f"ci-framework {parsed.command}: {error}\n")
        if error.hint:
            sys.stderr.write(f"hint: {error.hint}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\nhint: run `ci-framework status`\n")
        return 130
    except BrokenPipeError:
        # Who reads us has seen enough.
        sys.stderr.close()
        return 0
    except Exception:
        traceback.print_exc()
        sys.stderr.write("an error of ci-framework itself: please report it\n")
        return ToolError.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ci-framework",
        description="Bring ci-framework into an existing repository, and take it back.",
        epilog=_EXIT_CODES,
    )
    parser.add_argument(
        "--version", action="version", version=f"ci-framework {__version__}"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (help_, options) in _OPTIONS.items():
        command = commands.add_parser(name, help=help_, epilog=_EXIT_CODES)
        if name != "fleet":
            command.add_argument(
                "path", nargs="?", default=".", help="the repository (default: here)"
            )
        for add in options:
            add(command)
        command.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _plan_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--template", default="", help="address or directory of the template"
    )
    parser.add_argument("--vcs-ref", default="", help="its tag, branch or commit")
    parser.add_argument(
        "--answer",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an answer that beats what the analysis found (repeatable)",
    )
    parser.add_argument(
        "--answers", default="", metavar="FILE", help="answers as a YAML file"
    )
    parser.add_argument(
        "--retire",
        action="append",
        default=[],
        metavar="WORKFLOW",
        help="remove this existing workflow (repeatable)",
    )


def _plan_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--capabilities",
        action="store_true",
        help="show what becomes of every part of the existing CI",
    )
    parser.add_argument(
        "--write-answers",
        default="",
        metavar="FILE",
        help="write the answers to edit them and give them back by --answers",
    )


def _apply_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--plan", default="", metavar="HASH", help="agree to the plan of this hash"
    )
    parser.add_argument("--branch", default="", help="name of the new branch")
    parser.add_argument(
        "--dry-run", action="store_true", help="show the plan, write nothing"
    )


def _report_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--report-dir",
        default="",
        metavar="DIR",
        help="where reports are written (default: inside the git directory)",
    )


def _yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--yes", action="store_true", help="agree to what would be asked"
    )


def _validation_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--static", action="store_true", help="run nothing of the project"
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=1200.0,
        metavar="SECONDS",
        help="limit of each run of the project's tests (default: 1200)",
    )


def _fleet_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=["plan", "apply", "adopt", "validate", "status", "rollback"]
    )
    parser.add_argument(
        "repositories", metavar="LIST", help="a file with one path or address per line"
    )
    parser.add_argument(
        "--workspace",
        default="",
        metavar="DIR",
        help="where addresses are cloned and the state is kept (default: beside LIST)",
    )
    parser.add_argument("--jobs", type=int, default=2, help="repositories at a time")
    parser.add_argument(
        "--limit", type=int, default=0, help="only this many of those still to do"
    )


_OPTIONS: dict[str, tuple[str, Sequence[Callable[[argparse.ArgumentParser], None]]]] = {
    "analyze": ("tell what the repository is, with evidence", ()),
    "plan": (
        "show what an adoption would do",
        (_plan_options, _plan_output, _report_options),
    ),
    "apply": (
        "carry out a plan on a new branch, in one commit",
        (_plan_options, _apply_options, _yes),
    ),
    "validate": (
        "run the project's own tests and checks before and after",
        (_validation_options, _report_options, _yes),
    ),
    "adopt": (
        "analyze, plan, ask, apply, validate and report",
        (_plan_options, _apply_options, _validation_options, _report_options, _yes),
    ),
    "rollback": ("put everything back as it was", ()),
    "resume": ("finish what was interrupted", ()),
    "status": ("tell how far the adoption is", ()),
    "regenerate": (
        "look again and offer changed answers as an update",
        (_plan_options, _yes),
    ),
    "fleet": (
        "do the same to many repositories",
        (_fleet_options, _plan_options, _validation_options, _yes),
    ),
}


def _request(parsed: _Arguments) -> PlanRequest:
    """What the options say about the plan."""
    from ci_framework.planning.build import PlanRequest
    from ci_framework.planning.given_answers import parse_answer, read_given_answers

    answers: dict[str, object] = {}
    if parsed.answers:
        answers.update(read_given_answers(Path(parsed.answers)))
    for item in parsed.answer:
        name, value = parse_answer(item)
        answers[name] = value
    return PlanRequest(
        template=parsed.template,
        ref=parsed.vcs_ref,
        answers=answers,
        retire=tuple(parsed.retire),
    )


def _analyze(parsed: _Arguments) -> int:
    from ci_framework.commands.analyze import run_analyze

    return run_analyze(Path(parsed.path), as_json=parsed.json)


def _plan(parsed: _Arguments) -> int:
    from ci_framework.commands.plan import run_plan

    return run_plan(
        Path(parsed.path),
        _request(parsed),
        as_json=parsed.json,
        whole=parsed.capabilities,
        write_answers=parsed.write_answers,
        report_dir=parsed.report_dir,
    )


def _adopt(parsed: _Arguments) -> int:
    from ci_framework.commands.adopt import AdoptRequest, run_adopt

    return run_adopt(
        Path(parsed.path),
        AdoptRequest(
            plan=_request(parsed),
            agreed_hash=parsed.plan,
            agreed=parsed.yes,
            branch=parsed.branch,
            dry_run=parsed.dry_run,
            validation="none"
            if parsed.command == "apply"
            else ("static" if parsed.static else "full"),
            timeout=getattr(parsed, "timeout", 0.0),
            as_json=parsed.json,
            report_dir=getattr(parsed, "report_dir", ""),
        ),
    )


def _validate(parsed: _Arguments) -> int:
    from ci_framework.commands.validate import ValidateRequest, run_validate

    return run_validate(
        Path(parsed.path),
        ValidateRequest(
            static=parsed.static,
            agreed=parsed.yes,
            timeout=parsed.timeout,
            as_json=parsed.json,
            report_dir=parsed.report_dir,
        ),
    )


def _rollback(parsed: _Arguments) -> int:
    from ci_framework.commands.journal import run_rollback

    return run_rollback(Path(parsed.path), as_json=parsed.json)


def _resume(parsed: _Arguments) -> int:
    from ci_framework.commands.journal import run_resume

    return run_resume(Path(parsed.path), as_json=parsed.json)


def _status(parsed: _Arguments) -> int:
    from ci_framework.commands.journal import run_status

    return run_status(Path(parsed.path), as_json=parsed.json)


def _regenerate(parsed: _Arguments) -> int:
    from ci_framework.commands.regenerate import run_regenerate

    return run_regenerate(
        Path(parsed.path), _request(parsed), agreed=parsed.yes, as_json=parsed.json
    )


def _fleet(parsed: _Arguments) -> int:
    from ci_framework.commands.fleet import FleetRequest, run_fleet

    if parsed.jobs < 1 or parsed.limit < 0:
        raise UsageError(
            f"--jobs {parsed.jobs} --limit {parsed.limit}: allowed: at least one job, "
            "and a limit of 0 (none) or more"
        )
    return run_fleet(
        FleetRequest(
            action=parsed.action,
            repositories=Path(parsed.repositories),
            workspace=Path(parsed.workspace) if parsed.workspace else None,
            jobs=parsed.jobs,
            limit=parsed.limit,
            options=_fleet_arguments(parsed),
            as_json=parsed.json,
            agreed=parsed.yes,
        )
    )


def _fleet_arguments(parsed: _Arguments) -> dict[str, list[str]]:
    """The options that each repository's own command gets, by command."""
    plan: list[str] = []
    for option, value in (
        ("--template", parsed.template),
        ("--vcs-ref", parsed.vcs_ref),
        ("--answers", str(Path(parsed.answers).resolve()) if parsed.answers else ""),
    ):
        plan += [option, value] if value else []
    for answer in parsed.answer:
        plan += ["--answer", answer]
    for workflow in parsed.retire:
        plan += ["--retire", workflow]
    validation = ["--timeout", str(parsed.timeout)]
    validation += ["--static"] if parsed.static else []
    return {
        "plan": plan,
        "apply": plan,
        "adopt": [*plan, *validation],
        "validate": validation,
    }


_COMMANDS: dict[str, Callable[[_Arguments], int]] = {
    "analyze": _analyze,
    "plan": _plan,
    "apply": _adopt,
    "validate": _validate,
    "adopt": _adopt,
    "rollback": _rollback,
    "resume": _resume,
    "status": _status,
    "regenerate": _regenerate,
    "fleet": _fleet,
}
