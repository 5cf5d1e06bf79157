"""What names hint at: those of tasks, and those of programs that say nothing."""

from __future__ import annotations

from ci_framework.analysis.programs import by_purpose

__all__ = ["NAMES", "PLUMBING"]

# Programs that only glue others together.
_GLUE = """
    : . [ [[ (( alias awk basename break bc cat cd chmod chown column continue cp cut
    date declare dirname echo eval exit export false file find grep egrep head hash id
    jq let local ls mapfile mkdir mktemp mv popd printenv printf ps pushd pwd read
    readonly realpath return sed seq set shift shopt sleep sort stat tail tee test touch
    tr trap true type typeset ulimit umask uname unset uniq wait which whoami write-host
    write-output where whereis xargs yq kill df du free lscpu ldd ln nproc hostname
    md5sum shasum sha256sum git diff cmp dos2unix expr new-item get-childitem in
    get-content copy-item remove-item set-content add-content
"""
PLUMBING = frozenset(_GLUE.split())

# What the name of a task, a target, a session, a script or a hook says it is for.
NAMES = by_purpose(
    test="test tests testing unit unittest unittests integration e2e smoke pytest "
    "regression functional conformance doctest doctests tox nox "
    "acceptance mutation system",
    lint="lint linter linting linters style flake8 pylint ruff check-style quality "
    "pydocstyle spell",
    spelling="spelling codespell typos",
    format="format fmt formatting formatter formatted fixer sorter black isort "
    "reformat",
    typecheck="typecheck type typing types mypy pyright ty typechecking pyrefly "
    "basedpyright",
    security="security bandit semgrep codeql trivy sast vulnerabilities",
    audit="audit pip-audit safety dependencies-audit vulnerability",
    secrets="secrets secret gitleaks credentials private-key",
    sbom="sbom cyclonedx",
    licenses="license licence licenses licences reuse",
    policy="complexity policy deadcode",
    metadata="metadata manifest",
    lock="lock relock",
    build="build wheel wheels sdist dist package pkg compile binary executable",
    publish="publish upload pypi testpypi twine",
    docs="docs doc documentation sphinx mkdocs html linkcheck docset apidoc",
    docs_deploy="gh-pages ghpages docs-deploy deploy-docs",
    coverage="coverage cov diff-cover",
    benchmark="benchmark benchmarks bench perf performance asv profile",
    load_test="load loadtest stress",
    hooks="pre-commit precommit hooks prek commitlint",
    container="docker container image compose",
    release="release bump changelog tag towncrier version",
    install="get fetch download install deps dependencies requirements sync bootstrap",
    set_up="setup init prepare env environment configure",
    clean_up="clean cleanup prune",
    cache="cache",
    labels="label labels labeler",
    deploy="deploy deployment",
    notify="notify notification slack",
    report="report summary badge badges",
    gate="gate ci check checks all verify validate",
)
