"""What programs are for: data, in the words that capabilities use."""

from __future__ import annotations

__all__ = ["MODULES", "PROGRAMS", "SUBCOMMANDS", "by_purpose"]


def by_purpose(**programs: str) -> dict[str, str]:
    """Programs by what they do, turned round; ``_`` in a purpose stands for ``-``."""
    return {
        name: purpose.replace("_", "-")
        for purpose, names in programs.items()
        for name in names.split()
    }


# Programs that do one thing, whatever their arguments.
PROGRAMS = by_purpose(
    test="pytest py.test nose2 nosetests stestr trial behave ward green doctest "
    "pytest-watch mutmut cosmic-ray schemathesis playwright unittest "
    "conformance",
    lint="flake8 pylint pycodestyle pydocstyle pyflakes vulture doc8 djlint "
    "hadolint eslint refurb pyupgrade interrogate darglint pydoclint slotscheck "
    "lint-imports deptry yamllint shellcheck markdownlint markdownlint-cli2 "
    "rstcheck sphinx-lint eradicate ruff-lsp pymarkdown proselint "
    "vale flynt pycln perflint autoflake check-jsonschema taplo tombi cmake-lint ec "
    "editorconfig-checker linkchecker lychee clang-tidy fixit pylama prospector",
    spelling="codespell typos cspell aspell pyspelling",
    workflow_lint="actionlint zizmor action-validator gha-update",
    format="black isort autopep8 yapf docformatter prettier mdformat shfmt "
    "pyproject-fmt setup-cfg-fmt docstrfmt yamlfmt "
    "add-trailing-comma reorder-python-imports blacken-docs toml-sort ssort "
    "clang-format",
    typecheck="mypy dmypy stubtest pyright basedpyright ty pyre pytype pyrefly tsc "
    "mypy.stubtest",
    security="bandit semgrep codeql trivy grype snyk scorecard dlint checkov tfsec "
    "osv-scanner grant",
    audit="pip-audit safety pip_audit deps-audit cargo-audit",
    secrets="detect-secrets detect-secrets-hook gitleaks trufflehog ggshield "
    "detect-private-key talisman",
    sbom="syft cyclonedx-py cyclonedx-bom cyclonedx spdx-tools",
    licenses="pip-licenses liccheck licensecheck licenseheaders reuse scancode "
    "addlicense",
    policy="radon xenon lizard complexipy wily wemake ruff-critical cohesion mccabe",
    metadata="validate-pyproject pyroma check-manifest check-wheel-contents "
    "abi3audit auditwheel pydistcheck cffconvert repo-review",
    build="cibuildwheel maturin meson ninja cmake pyinstaller nuitka cython briefcase "
    "build gcc cc g++ python-build pyproject-build pex shiv delocate-wheel gradle mvn "
    "build_ext ccache autoconf configure",
    docs="sphinx-build mkdocs sphinx-apidoc sphinx-autobuild pdoc pydoctor zensical "
    "doxygen properdocs pydoc towncrier-draft doc2dash",
    docs_deploy="mike ghp-import doctr",
    coverage="coverage diff-cover diff-quality genbadge covdefaults coverage-badge",
    coverage_upload="codecov codecovcli coveralls codacy cc-test-reporter "
    "codacy-coverage-reporter cc-reporter",
    benchmark="asv pyperf pytest-benchmark pytest-codspeed codspeed hyperfine "
    "py-spy scalene memray perf locust k6 airspeed-velocity spin-bench",
    load_test="artillery wrk vegeta hey",
    hooks="pre-commit prek lefthook commitlint cz-check",
    release="semantic-release commitizen cz bumpversion bump2version bump-my-version "
    "towncrier git-cliff standard-version release-it release-please changelogen",
    publish="twine",
    install="pip pip3 apt-get apt yum dnf apk brew choco scoop winget pip-sync "
    "pip-compile easy_install cpanm gem requirements-builder",
    set_up="virtualenv venv pyenv asdf mise direnv source activate ensurepip "
    "setup-dev corepack nvm rustup update-alternatives",
    container="docker docker-compose podman buildah kaniko skopeo helm kubectl kind "
    "cosign",
    artifact="zip tar gzip unzip 7z",
    fetch="curl wget aria2c http",
    report="junit2html pytest-md tokei cloc wc tree",
    deploy="aws gcloud az heroku flyctl fly terraform ansible-playbook serverless "
    "vercel netlify rsync scp ssh sftp wrangler",
    database="psql mysql redis-cli mongosh alembic createdb",
    clean_up="rm",
)

# Programs whose first argument says what they do; "" is for all the others.
SUBCOMMANDS: dict[str, dict[str, str]] = {
    "ruff": by_purpose(lint="check", format="format", clean_up="clean") | {"": "lint"},
    "uv": by_purpose(
        install="sync pip tool add export",
        set_up="venv python self cache",
        lock="lock",
        build="build",
        publish="publish",
        format="format",
        release="version",
        audit="audit",
    )
    | {"": "install"},
    "pixi": by_purpose(
        install="install add update reinstall",
        set_up="list tree global workspace shell info config self-update shell-hook",
        lock="lock",
        build="build",
        publish="upload",
        clean_up="clean",
    )
    | {"": "set-up"},
    "poetry": by_purpose(
        install="install add update sync export",
        set_up="config env self show",
        build="build",
        publish="publish",
        lock="lock",
        metadata="check",
        release="version",
    )
    | {"": "set-up"},
    "pdm": by_purpose(
        install="install sync add update export",
        set_up="config use venv self info",
        build="build pack",
        publish="publish",
        lock="lock",
        test="test",
    )
    | {"": "set-up"},
    "hatch": by_purpose(
        test="test",
        format="fmt",
        build="build",
        publish="publish",
        release="version",
        set_up="env python config",
        clean_up="clean",
        install="dep",
    )
    | {"": "set-up"},
    "flit": by_purpose(build="build", publish="publish") | {"": "install"},
    "rye": by_purpose(
        test="test", lint="lint", format="fmt", build="build", publish="publish"
    )
    | {"": "install"},
    "twine": {"check": "metadata", "": "publish"},
    "mkdocs": {"gh-deploy": "docs-deploy", "": "docs"},
    "setup.py": by_purpose(
        install="install develop egg_info",
        test="test",
        metadata="check",
        publish="upload",
    )
    | {"": "build"},
    "git": by_purpose(
        push="push",
        checkout="fetch checkout clone pull switch submodule worktree",
        release="tag",
        commit="commit",
    ),
    "gh": by_purpose(
        release="release", issues="issue", pull_requests="pr", attest="attestation"
    )
    | {"auth": "set-up", "": "github"},
    "npm": by_purpose(
        install="ci install i", test="test t", audit="audit", publish="publish"
    )
    | {"": "install"},
    "cargo": by_purpose(
        test="test",
        format="fmt",
        lint="clippy",
        publish="publish",
        audit="audit",
        benchmark="bench",
        install="install",
    )
    | {"": "build"},
    "conda": by_purpose(
        build="build mambabuild", set_up="info list config activate init"
    )
    | {"": "install"},
    "docker": by_purpose(container_push="push", container_login="login")
    | {"": "container"},
    "pre-commit": {"autoupdate": "update", "install": "set-up", "": "hooks"},
    "python": {"": "script"},
    "node": {"": "script"},
    "pipx": {"": "install"},
    "go": by_purpose(test="test", install="install") | {"": "build"},
}
for _same, _as in (
    ("mamba", "conda"),
    ("micromamba", "conda"),
    ("podman", "docker"),
    ("yarn", "npm"),
    ("pnpm", "npm"),
    ("prek", "pre-commit"),
):
    SUBCOMMANDS[_same] = SUBCOMMANDS[_as]

# Modules for ``python -m`` whose name is no program's.
MODULES = {
    "build": "build",
    "unittest": "test",
    "doctest": "test",
    "compileall": "lint",
    "py_compile": "lint",
    "tabnanny": "lint",
    "venv": "set-up",
    "ensurepip": "set-up",
    "site": "set-up",
    "sphinx": "docs",
    "timeit": "benchmark",
    "cProfile": "benchmark",
    "http.server": "serve",
    "installer": "install",
    "zipapp": "build",
    "json.tool": "lint",
    "pyperformance": "benchmark",
}
