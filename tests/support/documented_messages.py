"""How each message of docs/troubleshooting.md is provoked."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.documentation_scenes import (
    ADDRESS,
    BENCHMARK,
    CHATTY_SERVER,
    DOCUMENTATION,
    LOAD_TEST,
    LOST_SERVER,
    MCP_SERVER,
    OLD,
)

_CURRENT = "copier update --defaults --vcs-ref=:current:"
_MARKS = r"<<<<<<< before updating\na = 1\n=======\na = 2\n>>>>>>> after updating\n"
_SEED = "src/myproj/spans.py"


@dataclass(frozen=True)
class Provocation:
    """What makes a message appear.

    Attributes:
        scene: the kind of directory in which the commands run.
        shell: the commands.
        code: the expected exit code of the last one.
    """

    scene: str
    shell: str
    code: int


def _project(shell: str, code: int) -> Provocation:
    return Provocation("project", shell, code)


def _ready(shell: str, code: int) -> Provocation:
    return Provocation("ready", shell, code)


def _set(pattern: str, value: str) -> str:
    return f"sed -i 's/^{pattern}.*/{value}/' pyproject.toml"


_HIGHER = _set("requires-python", 'requires-python = ">=3.12"')
_WAIVERS = "ci-framework/project/waivers.yaml"
_WAIVER = r"waivers:\n- {id: B307, reason: r, owner: o, expires: 2999-01-01}\n"
_TOMLI = 'dependencies = ["tomli"]'
_ANCIENT = 'dependencies = ["pytest<1"]'
# A cache without an engine in it.
_COLD = 'CI_FRAMEWORK_CACHE="$PWD/../cold"'
_VALIDATE = "ci-framework/ci validate"
_GATE = "ci-framework/ci gate"
_BLOCKING_API = (
    "printf '\\n[tool.ci-framework.checks.api]\\nblocking = true\\n' >> pyproject.toml"
)
_MARKERS = f"{_GATE} --only no-conflict-markers"
_WITHOUT_UV = f'PATH="$BARE" CI_FRAMEWORK_ENGINE_PYTHON="$ENGINE_PYTHON" {_GATE}'


_RELEASE = f"--template {ADDRESS} --vcs-ref {OLD}"
_APPLY = f"ci-framework apply . {_RELEASE}"
_AFTERWARDS = (
    "sed -i '/^.tool.ci-framework.$/,$s/^profile = .*/profile = \"tiered\" # here/'"
    " pyproject.toml; git commit -qam later"
)


def _foreign(shell: str, code: int = 2) -> Provocation:
    return Provocation("foreign", shell, code)


def _adopted(shell: str, code: int = 2) -> Provocation:
    return Provocation("adopted", shell, code)


def _test(name: str, text: str) -> str:
    return f"printf '{text}' > tests/{name}.py"


PROVOCATIONS: dict[str, Provocation] = {
    "No Python is found": _project(f'PATH="$BARE" {_COLD} {_GATE}', 3),
    "The engine cannot be fetched": _project(
        f"sed -i 's/^_src_path: .*/_src_path: .nowhere/' .copier-answers.yml;"
        f" {_COLD} GIT_CONFIG_GLOBAL=/dev/null https_proxy=http://127.0.0.1:9 {_GATE}",
        3,
    ),
    "The engine lock was edited": _project(
        f"sed -i 's/^# commit: /&edited-/' ci-framework/engine.lock; {_COLD} {_GATE}", 3
    ),
    "The engine's packages cannot be installed": _project(
        f"python -m venv ../bare && PATH=$BARE {_COLD} PIP_INDEX_URL=http://127.0.0.1:9/"
        f" PIP_RETRIES=0 CI_FRAMEWORK_ENGINE_PYTHON=../bare/bin/python {_GATE}",
        3,
    ),
    "A wrong value": _project(
        f"{_set('coverage-threshold = ', 'coverage-threshold = 101')}; {_GATE}", 2
    ),
    "A link that is not followed": _project(
        f"mv pyproject.toml ../outside; ln -s ../outside pyproject.toml; {_GATE}", 2
    ),
    "YAML that is not read": _project(
        "mkdir -p ci-framework/project; cd ci-framework/project;"
        " printf 'waivers: []\\nwaivers: []\\n' > waivers.yaml; cd ../..;"
        " ci-framework/ci scan --only bandit",
        2,
    ),
    "An unknown key": _project(
        f"{_set('profile = ', 'profil = 1')}; {_GATE}",
        2,
    ),
    "An unknown variable": _project(f"CI_FRAMEWORK_QUALITY_TEIR=x {_GATE}", 2),
    "An unknown tier": _project(f"{_GATE} --tier fast", 2),
    "An unknown check": _project(f"{_GATE} --only tests", 2),
    "A check that is turned off": _project(
        "printf '\\n[tool.ci-framework.checks.lint]\\ntier = \"none\"\\n'"
        f" >> pyproject.toml; {_GATE} --only lint",
        2,
    ),
    "A check that needs a package": _project(f"{_GATE} --only declared-imports", 2),
    "Conflict markers in pyproject.toml": Provocation("conflict", _GATE, 2),
    "A table is defined twice": _project(
        "printf '\\n[tool.ci-framework.quality]\\nfail-fast = true\\n'"
        f" >> pyproject.toml; {_GATE}",
        2,
    ),
    "A broken block": _project(
        f"sed -i '/^# <<< ci-framework/d' pyproject.toml; {_VALIDATE}", 2
    ),
    "An edited block": _project(
        f"sed -i '/^coverage-threshold/s/=.*/= 10/' pyproject.toml; {_VALIDATE}", 0
    ),
    "No answers file": _project(f"rm .copier-answers.yml; {_VALIDATE}", 2),
    "A package that does not exist": _project(
        f"{_CURRENT} -d project_type=monorepo; {_VALIDATE}", 2
    ),
    "A package that the answers do not name": Provocation(
        "monorepo",
        "cp -r packages/mono-core packages/more && sed -i 's/mono-core/more/'"
        f" packages/more/pyproject.toml; {_VALIDATE}",
        0,
    ),
    "Different versions": _project(
        "sed -i '/^.tool.ci-framework.$/,$s/^version = .*/version = \"1.9.9\"/'"
        f" pyproject.toml; {_VALIDATE}",
        2,
    ),
    "An unsupported Python": _project(f"{_HIGHER}; {_VALIDATE}", 2),
    "A missing directory": _project(f"git mv src lib; {_VALIDATE}", 2),
    "Lint": _ready(f"printf '\\nimport os\\n' >> {_SEED}; {_GATE} --only lint", 1),
    "Format": _ready(f"printf '\\nimport os\\n' >> {_SEED}; {_GATE} --only format", 1),
    "Conflict markers": _project(f"printf '{_MARKS}' >> README.md; {_MARKERS}", 1),
    "An unmerged path": Provocation(
        "conflict",
        r"sed -i '/^<<<<<<<\|^=======$\|^>>>>>>>/d' pyproject.toml; " + _MARKERS,
        1,
    ),
    "A rejected hunk": _project(f"touch README.md.rej; {_MARKERS}", 1),
    "Coverage below the threshold": _ready(
        f'printf \'\\n\\ndef half(n: int) -> int:\\n    """Halve."""\\n    if n:\\n'
        "        n = n // 2\\n        n = n + 1\\n        n = n - 1\\n    return n\\n'"
        f" >> {_SEED}; {_GATE} --only test,coverage",
        1,
    ),
    "No tests collected": _ready(
        "rm -r tests/benchmarks; sed -i 's/^def test/def check/' tests/test_spans.py;"
        f" {_GATE} --only test",
        1,
    ),
    "All tests skipped": _ready(
        "rm -r tests/benchmarks; echo 'pytestmark = pytest.mark.skip(reason=\"later\")'"
        " >> tests/test_spans.py;"
        f" {_GATE} --only test",
        1,
    ),
    "A test hangs": _ready(
        _test(
            "test_slow",
            '"""Slow."""\\n\\nimport time\\n\\n\\ndef test_slow() -> None:\\n'
            "    time.sleep(90)\\n",
        )
        + f"; {_GATE} --only test --timeout 8",
        1,
    ),
    "A test ends pytest": _ready(
        _test(
            "test_crash",
            '"""Crash."""\\n\\nimport os\\n\\ndef test_crash() -> None:\\n'
            "    os._exit(3)\\n",
        )
        + f"; {_GATE} --only test",
        1,
    ),
    "A broken conftest.py": _ready(
        _test("conftest", "import nothing\\n") + f"; {_GATE} --only test", 1
    ),
    "No files were analyzed": _ready(
        'echo \'{"include": ["src"], "exclude": ["src"]}\' > pyrightconfig.json;'
        f" {_GATE} --only typecheck",
        1,
    ),
    "Tests without assertions": _ready(
        'printf \'\\n[tool.ci-framework.commands]\\ntest = ["python", "-O", "-m",'
        ' "pytest", "--assert=plain", "-Wignore"]\\n\' >> pyproject.toml;'
        f" {_GATE} --only test",
        1,
    ),
    "A benchmark is slower": _project(
        f"{BENCHMARK}; git add --all; git commit -qnm benchmark;"
        " sed -i 's/^    merged: list/    sum(range(90_000))\\n&/' src/*/spans.py;"
        " ci-framework/ci bench --compare-with HEAD",
        1,
    ),
    "The history of benchmarks was not written": _project(
        f"{BENCHMARK}; git switch -qc topic; git commit -qnam benchmark;"
        " ci-framework/ci bench --compare-with HEAD --store=../history",
        0,
    ),
    "A broken link in the documentation": _project(
        f"{DOCUMENTATION}; echo '<a href=gone/>x</a>' >> docs/index.md;"
        " ci-framework/ci docs check",
        1,
    ),
    "The inventory of another site cannot be reached": _project(
        f"{DOCUMENTATION}; echo 'plugins: [mkdocstrings: {{handlers: {{python:"
        " {inventories: [http://127.0.0.1:9/objects.inv]}}}]' >> mkdocs.yml;"
        " ci-framework/ci docs build",
        0,
    ),
    "A plugin of the documentation is ignored": _project(
        f"{DOCUMENTATION}; echo 'plugins: [gen-files]' >> mkdocs.yml;"
        " ci-framework/ci docs build --tool zensical",
        1,
    ),
    "There is no documentation": _project("ci-framework/ci docs build", 2),
    "Nothing is published": _project(
        f"{DOCUMENTATION}; GITHUB_EVENT_NAME=pull_request"
        " ci-framework/ci docs publish --site docs",
        2,
    ),
    "The branch contains several versions": _project(
        "git init -q --bare ../pages.git; git remote add origin ../pages.git;"
        " mkdir pages; echo x > pages/index.html;"
        " ci-framework/ci docs publish --site pages --version 1.0;"
        " ci-framework/ci docs publish --site pages",
        2,
    ),
    "The live site does not show what was published": _project(
        "mkdir pages; echo x > pages/index.html;"
        " CI_FRAMEWORK_DOCS_VERIFY_TIMEOUT=1 ci-framework/ci docs verify --site pages"
        " --address http://127.0.0.1:9/",
        3,
    ),
    "No benchmark suite": _project("rm -r tests/benchmarks; ci-framework/ci bench", 3),
    "pytest-benchmark is missing": _project(
        "sed -i /pytest-benchmark/d pyproject.toml; ci-framework/ci bench", 3
    ),
    "No command for the MCP server": _project("ci-framework/ci mcp check", 2),
    "The conformance suite is off": _project("ci-framework/ci mcp conformance", 2),
    "Nothing listens where the MCP server has to": _project(
        f"{LOST_SERVER}; ci-framework/ci mcp check", 1
    ),
    "The MCP server has no snapshot": _project(
        f"{MCP_SERVER}; ci-framework/ci mcp check", 1
    ),
    "The MCP server writes to stdout": _project(
        f"{CHATTY_SERVER}; ci-framework/ci mcp check", 1
    ),
    "The load test has no server": _project(
        "touch locustfile.py; ci-framework/ci bench --suite load", 3
    ),
    "The server of a load test does not run": _project(
        f"{LOAD_TEST}; sed -i 's/http.server/nothing/' pyproject.toml; git add --all;"
        " git commit -qnm load; ci-framework/ci bench --suite load --compare-with HEAD",
        3,
    ),
    "The public API breaks": _ready(
        f"{_BLOCKING_API}; sed -i 's/^def merge/def join/' {_SEED};"
        f" {_GATE} --only api --since HEAD",
        1,
    ),
    "The public API cannot be compared": _ready(
        # Other examples go on from main.
        f"{_BLOCKING_API}; git branch -m trunk; {_GATE} --only api; code=$?;"
        " git branch -m main; exit $code",
        3,
    ),
    "The lock file is not current": _project(
        f"uv lock; {_set('dependencies = ', _TOMLI)}; {_GATE} --only test",
        3,
    ),
    "A lock file cannot be audited": _project(
        "touch poetry.lock; ci-framework/ci scan --level medium --only audit", 3
    ),
    "A waiver is refused": _project(
        f"mkdir -p ci-framework/project; printf '{_WAIVER}' > {_WAIVERS}; "
        "ci-framework/ci scan --level low --only bandit",
        2,
    ),
    "The environment cannot be created": _project(
        f"{_set('dependencies = ', _ANCIENT)}; {_GATE} --only typecheck",
        3,
    ),
    "pytest is missing": _project(
        f"sed -i '/^    \"pytest/d' pyproject.toml; {_GATE} --only test", 3
    ),
    "Coverage without tests": _project(f"{_GATE} --only coverage", 3),
    "Python is not installed": _project(f"{_WITHOUT_UV} --only test --python 3.8", 3),
    "The reports cannot be written": _project(
        f"touch ../file; {_GATE} --report-dir ../file/gate", 3
    ),
    "Another environment was used": _project(
        "printf '\\n[tool.pixi.workspace]\\nchannels = []\\nplatforms = []\\n'"
        f" >> pyproject.toml; {_GATE}",
        0,
    ),
    "Tests were skipped": _ready(f"git rm -qr tests; {_GATE} --only test,coverage", 0),
    "Files are not linted": _ready(
        "mkdir src/myproj/venv; touch src/myproj/old.py src/myproj/venv/tool.py;"
        " git add -f src; sed -i 's/^extend-exclude = ./&\"old.py\", /' pyproject.toml;"
        f" sed -i '1i # ruff: noqa' {_SEED}; {_GATE} --only lint",
        1,
    ),
    "Files are not formatted": _ready(
        "printf '\\n[tool.ruff.format]\\nexclude = [\"spans.py\"]\\n'"
        " >> pyproject.toml;"
        f" {_GATE} --only format",
        0,
    ),
    "Tests did not run": _ready(
        _test("more_tests", "def test_more() -> None:\\n    assert True\\n")
        + "; rm -r tests/benchmarks;"
        " printf '\\n\\nclass MoreTests:\\n    def test_this(self) -> None:\\n"
        "        assert True\\n\\n\\ndef test_other() -> None:\\n    assert True\\n'"
        f" >> tests/test_spans.py; PYTEST_ADDOPTS='-k other' {_GATE} --only test",
        0,
    ),
    "The type checker is turned off": _ready(
        'echo \'{"typeCheckingMode": "off"}\' > pyrightconfig.json;'
        f" sed -i '1i # type: ignore' {_SEED}; {_GATE} --only typecheck",
        0,
    ),
    "Settings have no effect": _ready(
        "printf '\\n[tool.mypy]\\nstrict = true\\n' >> pyproject.toml;"
        " printf '[mypy]\\nstrct = True\\n' > mypy.ini;"
        f" CI_FRAMEWORK_QUALITY_TYPE_CHECKER=mypy {_GATE} --only typecheck",
        0,
    ),
    "Sessions were skipped": _ready(
        'printf \'\\n[tool.ci-framework.commands]\\ntest = ["echo",'
        ' "nox > Session tests-3.9 skipped: Python interpreter 3.9 not found.'
        "\\\\nnox > Session tests-3.12 was successful.\"]\\n' >> pyproject.toml;"
        f" {_GATE} --only test",
        0,
    ),
    "All tests run for a change of one file": _ready(
        "echo 'x = 1' > src/myproj/views.py; ci-framework/ci changes", 0
    ),
    "Hooks are skipped": Provocation("rendered", "ci-framework/ci setup", 0),
    "Another tool manages the hooks": _ready(
        "git config core.hooksPath .husky; ci-framework/ci setup", 0
    ),
    "A commit stops": _ready(
        'printf \'"""x."""\\nx = 1\' > src/myproj/x.py; git add .; git commit -m x',
        1,
    ),
    "Copier is too old": Provocation(
        "empty",
        "uvx --from copier==9.11.0 copier copy --defaults"
        " https://github.com/MementoRC/ci-framework myproj",
        1,
    ),
    "The work tree is not clean": _project("touch new; copier update --defaults", 1),
    "No terminal": _project("copier update --vcs-ref=:current:", 1),
    "Copier rejects an answer": _project(f"{_CURRENT} -d coverage_threshold=200", 1),
    "Not in git": Provocation("rendered", "copier update --defaults", 1),
    "The version is not recorded": _project(
        "sed -i /_commit/d .copier-answers.yml; git commit -qam x;"
        " copier update --defaults",
        1,
    ),
    "The answers file is missing": _project(
        "git rm -q .copier-answers.yml; git commit -qm x; copier update --defaults", 1
    ),
    "An older version": _project(
        "copier update -q --defaults; git commit -qam x;"
        " copier update --defaults --vcs-ref=v2.0.0",
        1,
    ),
    "The tag is not that of a release": _project(
        "ci-framework/ci release check --tag=latest", 2
    ),
    "A release outside of git": Provocation(
        "rendered", "ci-framework/ci release check", 2
    ),
    "Tag and version at once": _project(
        "ci-framework/ci release check --tag=v1.0.0 --version=1.0.0", 2
    ),
    "The project cannot be updated": _project(
        "git rm -q .copier-answers.yml; ci-framework/ci update", 2
    ),
    "There is no update to propose": _project(
        "ci-framework/ci update --pull-request", 2
    ),
    "Files and engine of different commits": _project(
        "sed -i 's/^_commit: .*/_commit: abcdef0/' .copier-answers.yml;"
        " ci-framework/ci validate",
        2,
    ),
    "No terminal for consent": _foreign(_APPLY),
    "The plan has changed": _foreign(f"{_APPLY} --plan 0123456789abcdef"),
    "Uncommitted changes": _foreign(
        f"echo >> README.md; git add -N README.md; {_APPLY} --yes"
    ),
    "Not the top directory": _foreign("ci-framework plan src"),
    "The template rejects an answer": _foreign(
        f"ci-framework plan . {_RELEASE} --answer coverage_threshold=101"
    ),
    "No adoption to roll back": _foreign("ci-framework rollback ."),
    "Later commits changed the same lines": _adopted(
        f"{_AFTERWARDS}; ci-framework rollback ."
    ),
    "No consent to run the project's code": _adopted("ci-framework validate .", 3),
    "A shallow clone": _adopted(
        "echo '[mypy]' > mypy.ini; git add .; git commit -qm mypy;"
        ' git clone -q --depth 1 "file://$PWD" ../shallow;'
        " ci-framework regenerate ../shallow",
        0,
    ),
    "No plan for a repository": Provocation(
        "fleet", "ci-framework fleet apply repositories.txt", 2
    ),
}
