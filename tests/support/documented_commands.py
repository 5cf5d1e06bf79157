"""How each documented command is tested, or why it is not run."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from tests.support.documentation_scenes import (
    ADDRESS,
    BENCHMARK,
    CONFORMANCE,
    DOCUMENTATION,
    LOAD_TEST,
    MCP_SERVER,
    OLD,
    PACKAGE_SERVER,
)

_PAGES_REMOTE = "git init -q --bare ../pages.git; git remote add origin ../pages.git"
_CURRENT = "copier update --defaults --vcs-ref=:current:"
_UNMANAGED = f"{_CURRENT} -d 'unmanaged=[.github/workflows/python-ci.yml]'"
# Resolves a conflict by keeping both sides.
_RESOLVE = "sed -i '/^<<<<<<<\\|^=======$\\|^>>>>>>>/d' pyproject.toml"
_SKIP = "SKIP=ci-framework-lint,ci-framework-format"
_REPLAY = "uv run tests/benchmarks/replay.py ../project --source src --tests tests"
_CLONE = f"git clone {ADDRESS}"
_NO_THRESHOLD = (
    "printf '\\n[tool.ci-framework.quality]\\ncoverage-threshold = 0\\n'"
    " >> pyproject.toml"
)
_RELEASED = (
    "uv lock --quiet && printf '## 0.1.0\\n\\n- New.\\n' > CHANGELOG.md"
    " && git add --all && git commit --quiet --message 0.1.0"
)
_WORK = "echo 'More.' >> README.md && git add README.md"


@dataclass(frozen=True)
class Example:
    """How a command is tested.

    Attributes:
        scene: the kind of directory in which it runs.
        code: the expected exit code.
        before: a shell command that prepares the directory.
        after: a shell command that must succeed afterwards.
        replace: a text in the command and its replacement, such as an option that
            avoids a question.
    """

    scene: str
    code: int = 0
    before: str = ""
    after: str = ""
    replace: tuple[str, str] = ("", "")

    def line(self, command: str) -> str:
        """The command line to run."""
        old, new = self.replace
        return command.replace(old, new) if old else command


def _gate(after: str = "", before: str = "") -> Example:
    python = f"--python 3.{sys.version_info[1]}"
    return Example("ready", 0, before, after, ("--python 3.12", python))


_TEMPLATE = f"--template {ADDRESS} --vcs-ref {OLD}"
# Higher tiers and levels query a service for advisories, which tests cannot reach.
_OFFLINE = "--answer quality_tier=essential --answer security_level=low"
_UVX = f"uvx --from git+{ADDRESS} ci-framework adopt ."
_APPLIED = "git switch -q ci-framework/adopt && grep -q '# Ours.' pyproject.toml"


def _plan() -> Example:
    replace = ("plan .", f"plan . {_TEMPLATE}")
    after = 'test -z "$(git status -s)"'
    return Example("foreign", 0, "", after, replace)


def _adopt(command: str, before: str = "", after: str = "") -> Example:
    """Adopt without asking for consent, and without running the project."""
    replace = (command, f"ci-framework adopt . {_TEMPLATE} --yes --static")
    return Example("foreign", 0, before, f"{_APPLIED} {after}", replace)


def _fleet(action: str, *before: str) -> Example:
    options = dict.fromkeys(["plan", "apply", "adopt"], _TEMPLATE)
    line = "ci-framework fleet {} repositories.txt {}"
    earlier = " && ".join(line.format(b, options.get(b, "")) for b in before)
    replace = ("repositories.txt", f"repositories.txt {options.get(action, '')}")
    after = "test -s repositories.txt.fleet/fleet.json"
    return Example("fleet", 0, earlier, after, replace)


_MONOREPO = "./ci-framework/scripts/monorepo-ci.sh"
_IS_GREEN = 'grep -q \'"verdict": "green"\''

COMMANDS: dict[str, Example] = {
    # README.md
    "python -m pip install uv && uv run --only-group render copier copy --defaults"
    ' --overwrite --vcs-ref=HEAD "$PWD" ../demo &&'
    " ../demo/ci-framework/scripts/local-quality-gates.sh --tier=essential": Example(
        "checkout",
        before="python -m venv ../python",
        replace=("python -m", ". ../python/bin/activate && python -m"),
        # The demo can be updated as well.
        after=f"{_IS_GREEN} ../demo/.ci-framework/gate/result.json"
        " && cd ../demo && git init --quiet && git add --all"
        " && git -c user.name=T -c user.email=t@example.org commit --quiet -m start"
        " && uv run --project ../checkout --only-group render"
        " copier update --defaults --vcs-ref=HEAD",
    ),
    f"copier copy {ADDRESS} myproj": Example(
        "empty",
        replace=("copier copy", "copier copy --defaults"),
        after="test -x myproj/ci-framework/ci",
    ),
    "copier update": Example(
        "project",
        replace=("copier update", "copier update --defaults"),
        after="grep -q 'v2.0.1' .copier-answers.yml && grep -q tmp .gitignore",
    ),
    # CONTRIBUTING.md
    'uv run pytest -n1 -m "heavy or not heavy" tests/docs/test_pages.py': Example(
        "checkout",
        replace=(
            "test_pages.py",
            "test_pages.py::test_relative_links_and_anchors_resolve",
        ),
    ),
    "./ci docs check": Example(
        "checkout", after="test -s .ci-framework/docs/site/quick-start/index.html"
    ),
    "ci-framework/ci update": Example(
        "project",
        replace=("ci update", "ci update --validate=false"),
        after="test -s .ci-framework/update/update.bundle",
    ),
    # docs/releases.md
    "ci-framework/ci release check": Example("ready", 0, _RELEASED),
    "ci-framework/ci release check --version 1.2.0": Example(
        "ready", replace=("1.2.0", "1.2.0 --dry-run")
    ),
    "ci-framework/ci release check --tag v1.2.0": Example(
        "ready", replace=("v1.2.0", "v1.2.0 --dry-run")
    ),
    "ci-framework/ci release check --package mono-core": Example(
        "monorepo", replace=("mono-core", "mono-core --dry-run")
    ),
    # docs/documentation.md
    "ci-framework/ci docs check": Example("project", 0, DOCUMENTATION),
    "ci-framework/ci docs check --external": Example("project", 0, DOCUMENTATION),
    "copier copy -d docs=mkdocs "
    "https://github.com/MementoRC/ci-framework myproj": Example(
        "empty",
        replace=("copier copy", "copier copy --defaults"),
        after="test -f myproj/mkdocs.yml",
    ),
    "ci-framework/ci docs serve": Example(
        "project", 0, DOCUMENTATION, replace=("serve", "serve --dry-run")
    ),
    "ci-framework/ci docs publish --version 1.2 --alias latest": Example(
        "project",
        0,
        f"{DOCUMENTATION}; {_PAGES_REMOTE}",
        after="git ls-remote origin | grep -q gh-pages",
    ),
    "ci-framework/ci docs publish --list": Example("project", 0, _PAGES_REMOTE),
    "ci-framework/ci docs publish --delete 1.1": Example(
        "project",
        0,
        f"{_PAGES_REMOTE}; mkdir pages; echo x > pages/index.html;"
        " ci-framework/ci docs publish --site pages --version 1.1",
    ),
    "ci-framework/ci docs verify --version 1.2": Example(
        "project",
        0,
        f"{_PAGES_REMOTE}; mkdir pages; echo x > pages/index.html;"
        " ci-framework/ci docs publish --site pages --version 1.2",
    ),
    # docs/mcp-servers.md
    "ci-framework/ci mcp check": Example(
        "project", 0, f"{MCP_SERVER}; ci-framework/ci mcp check --update"
    ),
    "ci-framework/ci mcp check --update": Example(
        "project",
        0,
        MCP_SERVER,
        after="test -f ci-framework/project/mcp-snapshot.json",
    ),
    "ci-framework/ci mcp conformance": Example(
        "project", 0, f"{CONFORMANCE}; ci-framework/ci mcp conformance --update"
    ),
    "ci-framework/ci mcp conformance --update": Example(
        "project",
        0,
        CONFORMANCE,
        after="test -f ci-framework/project/mcp-conformance.json",
    ),
    "ci-framework/ci mcp check --package=NAME": Example(
        "monorepo",
        0,
        PACKAGE_SERVER,
        replace=("NAME", "mono-core --update"),
        after="test -f packages/mono-core/mcp-snapshot.json",
    ),
    "copier copy -d project_type=mcp-server "
    "https://github.com/MementoRC/ci-framework myproj": Example(
        "empty",
        replace=("copier copy", "copier copy --defaults"),
        after="test -f myproj/.github/workflows/mcp-server.yml",
    ),
    # docs/benchmarks.md
    "ci-framework/ci bench --compare-with main": Example(
        "project", 0, f"{BENCHMARK}; git add --all; git commit -qnm benchmark"
    ),
    "ci-framework/ci bench --compare-with HEAD": Example(
        "project", 0, f"{BENCHMARK}; git add --all; git commit -qnm benchmark"
    ),
    "uv run pytest --benchmark-only --benchmark-enable tests/benchmarks": Example(
        "project",
        replace=("uv run pytest", "uv run --group quality pytest"),
    ),
    "copier update --vcs-ref=:current: -d benchmarks=yes -d benchmark_suite=[perf]": (
        Example(
            "project",
            replace=("copier update", "copier update --defaults"),
            after="grep -q '\"perf\"' pyproject.toml",
        )
    ),
    "ci-framework/ci bench --package myproj-core --compare-with main": Example(
        "monorepo",
        0,
        replace=("myproj-core", "mono-core"),
        after="grep -q test_listing_the_parts .ci-framework/bench/summary.md",
    ),
    "ci-framework/ci bench --suite full --store=../benchmark-history": Example(
        "project",
        0,
        BENCHMARK.replace("quick]", "full]\\ncounting-processes = 1")
        + "; git commit -qnam benchmark",
        after="grep -q spans ../benchmark-history/benchmarks.jsonl",
    ),
    "ci-framework/ci bench --compare-with main --profile": Example(
        "project",
        0,
        f"{BENCHMARK}; sed -i 's/\\[100, 10_000\\]/[100]/' tests/benchmarks/*.py;"
        " git add --all; git commit -qnm benchmark",
        after="ls .ci-framework/bench/profiles/1-*-head-memory.html",
    ),
    "ci-framework/ci bench --suite load": Example(
        "project",
        0,
        f"{LOAD_TEST}; git add --all; git commit -qnm load",
        after="grep -q requests .ci-framework/bench/result.json",
    ),
    # docs/quick-start.md
    'python -m pip install "copier>=9.19"': Example(
        "empty",
        before="python -m venv python",
        replace=("python -m", "python/bin/python -m"),
        after="python/bin/copier --version",
    ),
    f"copier copy --defaults -d project_name=myproj -d package_manager=uv {ADDRESS}"
    " myproj": Example("empty", after="grep -q 'tool.uv' myproj/pyproject.toml"),
    "cd myproj": Example("parent"),
    "git init --initial-branch=main": Example("rendered", after="test -d .git"),
    "uv lock": Example("project", after="test -s uv.lock"),
    "git add .": Example("rendered", before="git init -q"),
    'git commit -m "Start myproj"': Example(
        "rendered",
        before="git init -q && git add .",
        after='test -z "$(git status --porcelain)"',
    ),
    "./ci-framework/scripts/setup-local-ci.sh": _gate("test -f .git/hooks/pre-commit"),
    "./ci-framework/scripts/local-quality-gates.sh --tier=essential": _gate(
        f"{_IS_GREEN} .ci-framework/gate/result.json && cd .ci-framework/gate &&"
        " ls junit.xml summary.md coverage.xml coverage.json pytest-output.txt"
    ),
    "git remote add origin https://github.com/OWNER/myproj": Example("project"),
    "git push --set-upstream origin main": Example(
        "project",
        before="git init -q --bare ../there && git remote add origin ../there",
    ),
    f"copier copy --defaults -d project_name=myproj -d package_manager=uv"
    f" -d 'exclude_newer=7 days' {ADDRESS} myproj": Example(
        "empty", after="grep -qx 'exclude-newer = .7 days.' myproj/pyproject.toml"
    ),
    "ci-framework/ci doctor --online": Example("project"),
    "ci-framework/ci setup --services start": Example("project"),
    "ci-framework/ci setup --services stop": Example("project"),
    "git push --no-verify": Example(
        "project",
        before="git init -q --bare ../there && git remote add origin ../there"
        " && git config push.autoSetupRemote true",
    ),
    "git diff": Example("conflict"),
    "copier check-update": Example("project"),
    "git diff --check": Example("conflict", 2),
    "git add pyproject.toml": Example(
        "conflict",
        before=_RESOLVE,
        after="ci-framework/ci gate --only no-conflict-markers",
    ),
    'git commit -m "Update ci-framework"': Example(
        "conflict", before=f"{_RESOLVE} && git add ."
    ),
    "git reset --hard": Example("conflict", after="git diff --quiet HEAD"),
    "git clean -d --force": Example(
        "project", before="touch new", after="test ! -e new"
    ),
    f"{_CURRENT} -d coverage_threshold=95": Example(
        "project", after="grep -q 'coverage-threshold = 95' pyproject.toml"
    ),
    f'{_CURRENT} -d \'python_versions=["3.12", "3.13"]\'': Example(
        "project", after="grep -q 'requires-python = \">=3.12\"' pyproject.toml"
    ),
    _UNMANAGED: Example("project", after="test ! -e .github/workflows/python-ci.yml"),
    "git checkout HEAD -- .github/workflows/python-ci.yml": Example(
        "project",
        before=_UNMANAGED,
        after="git commit -qam x && copier update -q --defaults"
        " && test -e .github/workflows/python-ci.yml && git diff --check",
    ),
    'git commit -a -m "Maintain python-ci.yml here"': Example(
        "project", before="echo >> .github/workflows/python-ci.yml"
    ),
    # docs/local-ci-guide.md
    "ci-framework/ci gate --tier essential --baseline write": _gate(
        before="printf 'x = 1  # too  long' >> tests/test_spans.py",
        after="ci-framework/ci gate --tier essential",
    ),
    "ci-framework/ci gate --only lint,format": _gate(),
    "ci-framework/ci gate --only lint,format --fix": _gate(
        before="printf '\\nimport os\\n' >> src/myproj/spans.py",
        after="ci-framework/ci gate --only lint,format",
    ),
    "ci-framework/ci gate --only lint src/myproj/spans.py": _gate(),
    "ci-framework/ci gate --only test tests/test_spans.py": _gate(),
    "ci-framework/ci gate --only api --since main": Example("project"),
    "ci-framework/ci gate --fail-fast": _gate(),
    "ci-framework/ci gate --dry-run": Example(
        "project", after="test ! -e .ci-framework"
    ),
    "ci-framework/ci gate --affected": _gate(),
    "ci-framework/ci changes": Example(
        "project", after="test -s .ci-framework/changes/changes.json"
    ),
    "ci-framework/ci changes --explain src/myproj/spans.py": Example("project"),
    "ci-framework/ci gate --python 3.12": _gate(),
    "ci-framework/ci gate --coverage-threshold 80": _gate(),
    "ci-framework/ci gate --timeout 300": _gate(),
    "CI_FRAMEWORK_QUALITY_COVERAGE_THRESHOLD=80 ci-framework/ci gate": _gate(),
    "ci-framework/ci config": Example("project"),
    "ci-framework/ci config quality": Example("project"),
    "copier recopy --defaults --overwrite --vcs-ref=:current: -x '*'"
    " -x '!/ci-framework/engine.lock'": Example(
        "project",
        before="git rm -q ci-framework/engine.lock && git commit -qm gone --no-verify"
        " && echo '# mine' >> README.md && rm -r tests",
        after="test -f ci-framework/engine.lock && tail -1 README.md | grep mine"
        " && test ! -e tests",
    ),
    "ci-framework/ci doctor": Example("project"),
    "ci-framework/ci gate --report-dir ../gate-report": _gate(
        "test -s ../gate-report/junit.xml"
    ),
    "ci-framework/ci gate --json > ../result.json": _gate(
        f"{_IS_GREEN} ../result.json"
    ),
    "ci-framework/ci gate --verbose --only no-conflict-markers": Example("project"),
    "ci-framework/ci validate": Example("project"),
    ".venv/bin/pre-commit run --all-files": _gate(),
    f'{_SKIP} git commit -m "Work in progress"': _gate(
        before=_WORK, after="git checkout -q -B main HEAD~1"
    ),
    # docs/security.md
    "ci-framework/ci scan --level low": _gate(
        f"{_IS_GREEN} .ci-framework/scan/result.json && cd .ci-framework/scan &&"
        " ls report.html results.sarif junit.xml summary.md"
    ),
    "ci-framework/ci scan --dry-run": Example(
        "project", after="test ! -e .ci-framework"
    ),
    "ci-framework/ci scan --level low --baseline write": _gate(
        before="mkdir -p ci-framework/project",
        after="test -s ci-framework/project/baseline.json",
    ),
    f"{_CURRENT} -d security_level=critical": Example(
        "project", after="grep -q 'level = \"critical\"' pyproject.toml"
    ),
    f"{_CURRENT} -d update_bot=renovate": Example(
        "project",
        after="test -f .github/renovate.json && test ! -e .github/dependabot.yml",
    ),
    "ci-framework/ci cleanup --check": Example(
        "project", 1, before="touch a.swp && git add -f a.swp"
    ),
    "ci-framework/ci cleanup --apply": Example(
        "project",
        before="touch a.swp && git add -f a.swp && git commit -qm x",
        after="test ! -e a.swp",
    ),
    "ci-framework/ci setup --no-hooks": _gate(),
    "ci-framework/ci setup --dry-run": Example("project"),
    # docs/engine.md
    "ci-framework/ci vendor": Example(
        "project", after="test -f ci-framework/ci_engine/__main__.py"
    ),
    "ci-framework/ci vendor --remove": Example(
        "project",
        before="ci-framework/ci vendor",
        after="test ! -e ci-framework/ci_engine",
    ),
    "CI_FRAMEWORK_ENGINE=../ci-framework ci-framework/ci gate": _gate(
        before=f"test -d ../ci-framework || {_CLONE} ../ci-framework"
    ),
    # docs/use-parts.md
    f"{_CLONE} ../ci-framework": Example("foreign"),
    "../ci-framework/scripts/local-quality-gates.sh --tier=essential": Example(
        "foreign", before=f"{_CLONE} ../ci-framework && {_NO_THRESHOLD}"
    ),
    f"{_CLONE} ci-framework": Example("foreign"),
    # docs/migration-guide.md
    _UVX: _adopt(_UVX),
    f"{_UVX} --yes": Example(
        "foreign",
        replace=(_UVX, f"ci-framework adopt . {_TEMPLATE} {_OFFLINE}"),
        after=f"{_APPLIED} && test -s .git/ci-framework/report/adoption",
    ),
    "ci-framework adopt . --smallest": Example(
        "foreign",
        replace=("adopt .", f"adopt . {_TEMPLATE} --yes --static"),
        after=f"{_APPLIED} && test $(git diff --name-only HEAD~1 | wc -l) -le 12",
    ),
    f"{_CURRENT} -d update_bot=dependabot -d 'unmanaged=[.gitignore]'": Example(
        "foreign",
        before=f"ci-framework adopt . {_TEMPLATE} --yes --static --smallest",
        after="test -e .github/dependabot.yml"
        " && test -e .github/workflows/security-audit.yml"
        " && test -x ci-framework/scripts/setup-local-ci.sh && git diff --check",
    ),
    "copier update --defaults -a .copier-answers.ci-framework.yml": Example(
        "adopted",
        before="git mv .copier-answers.yml .copier-answers.ci-framework.yml"
        " && git commit -qm x",
        after="grep -q 'v2.0.1' .copier-answers.ci-framework.yml",
    ),
    "ci-framework analyze .": Example("foreign", after='test -z "$(git status -s)"'),
    "ci-framework plan .": _plan(),
    "ci-framework plan . --capabilities": _plan(),
    "ci-framework plan . --json": _plan(),
    "ci-framework plan . --answer quality_tier=essential": _plan(),
    "ci-framework plan . --write-answers answers.yml": Example(
        "foreign",
        replace=("plan .", f"plan . {_TEMPLATE}"),
        after="grep -q '^quality_tier: ' answers.yml",
    ),
    "ci-framework adopt . --answers answers.yml": _adopt(
        "ci-framework adopt .",
        "echo 'quality_tier: essential' > answers.yml"
        " && echo answers.yml >> .git/info/exclude",
        "&& grep -q 'quality_tier: essential' .copier-answers.yml",
    ),
    "ci-framework adopt . --retire .github/workflows/tests.yml": _adopt(
        "ci-framework adopt .", after="&& test ! -e .github/workflows/tests.yml"
    ),
    "ci-framework validate .": Example(
        "adopted", replace=("validate .", "validate . --yes")
    ),
    "ci-framework status .": Example("adopted"),
    "ci-framework resume .": Example("adopted"),
    "ci-framework rollback .": Example(
        "adopted",
        after='test "$(git branch --show-current)" = main'
        ' && test ! -e ci-framework && test -z "$(git status -s)"',
    ),
    "copier update --defaults": Example(
        "adopted",
        after="grep -q 'v2.0.1' .copier-answers.yml && grep -q tmp .gitignore"
        " && git diff --check",
    ),
    "ci-framework regenerate .": Example("adopted", after='test -z "$(git status -s)"'),
    "ci-framework fleet plan repositories.txt": _fleet("plan"),
    "ci-framework fleet adopt repositories.txt --static": _fleet("adopt", "plan"),
    "ci-framework fleet status repositories.txt": _fleet("status"),
    "ci-framework fleet rollback repositories.txt": _fleet("rollback", "plan", "apply"),
    # docs/monorepo-guide.md
    "copier copy --defaults -d project_name=mono -d project_type=monorepo"
    f" -d package_manager=uv {ADDRESS} mono": Example(
        "empty",
        after="grep -q uv.workspace mono/pyproject.toml"
        " && test -d mono/packages/mono-core && test -d mono/packages/mono-cli",
    ),
    f"{_CURRENT} -d project_type=monorepo -d"
    " 'packages=[{name: my-lib, path: packages/my-lib}]'"
    " -d 'source_paths=[packages/my-lib/src]'"
    " -d 'test_paths=[packages/my-lib/tests]'": Example(
        "project",
        before="mkdir -p packages/my-lib && git mv src tests packages/my-lib"
        " && cp README.md LICENSE packages/my-lib"
        " && sed -n '1,/^dependencies/p' pyproject.toml >packages/my-lib/pyproject.toml"
        " && sed -i '1,/^dependencies/d' pyproject.toml && git add --all"
        " && git commit -qm 'Move the library'",
        # As the guide says, pyproject.toml conflicts where lines were moved.
        after="grep -q 'path: packages/my-lib' .copier-answers.yml"
        " && test -e .github/workflows/monorepo.yml"
        " && grep -q '\"packages/my-lib/src\"' pyproject.toml",
    ),
    "./ci-framework/scripts/package-detection.py --scan": Example(
        "monorepo", after="test -s .ci-framework/packages/packages.json"
    ),
    "./ci-framework/scripts/package-detection.py --configure": Example(
        "monorepo",
        after="grep -q mono-cli ci-framework/project/detected-packages.yaml"
        " && git diff --quiet",
    ),
    f"{_MONOREPO} --analyze-dependencies --package=mono-core": Example(
        "monorepo", after="grep -q mono-cli .ci-framework/packages/summary.md"
    ),
    f"{_MONOREPO} --analyze-dependencies --format=mermaid": Example("monorepo"),
    "./ci-framework/scripts/selective-ci.sh --package=auto-detect --changed-only"
    " --since=main --tier=essential": Example(
        "monorepo",
        before="printf '\\n\\nLEVEL = 1\\n' >> packages/mono-core/src/*/__init__.py",
        after=f"{_IS_GREEN} .ci-framework/gate/mono-cli/result.json",
    ),
    "ci-framework/ci gate --package mono-cli": Example(
        "monorepo",
        after=f"{_IS_GREEN} .ci-framework/gate/mono-cli/result.json",
    ),
    "./ci-framework/scripts/package-detection.py --configure --releases": Example(
        "monorepo",
        before="rm release-please-config.json",
        after="git diff --quiet -- release-please-config.json",
    ),
}

NOT_RUN: dict[str, str] = {
    "gh api --method POST repos/OWNER/myproj/rulesets"
    " --input ci-framework/ruleset.json": "there is no such repository",
    "uv run .ci/prove.py pixi": "tests/workflows/test_prove.py runs it with stand-ins",
    "uv run .ci/prove.py github --owner OWNER": "so does it with this one",
    "gh attestation verify demo-1.2.0-py3-none-any.whl --repo OWNER/demo": (
        "there is no such file"
    ),
    "gh attestation verify ci_framework-3.0.0-py3-none-any.whl"
    " --repo MementoRC/ci-framework": "there is no such file",
    "uv run .ci/release.py prepare 3.1.0": (
        "tests/workflows/test_own_release.py runs it in a repository of its own"
    ),
    "uv run .ci/release.py check": "so it does with this one",
    "uv run .ci/release.py record": "so it does with this one",
    "./ci release check": "the workflow of our releases runs it under act",
    "gh repo delete OWNER/ci-framework-proof-1790000000": "there is no such repository",
    "python -m pip install uv && uv run pytest": "it runs these very tests",
    ".ci/run": "it runs these very tests",
    ".ci/coverage": "it runs these very tests",
    "pixi lock": "pixi is not installed for the tests",
    _REPLAY: "it replays a repository of the reader",
    f"uv tool install git+{ADDRESS}": "it would install a tool for the user",
    "poetry lock": "Poetry is not installed for the tests",
}
