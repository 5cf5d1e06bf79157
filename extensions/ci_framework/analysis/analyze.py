"""Analyze a repository: facts, tools, tasks, workflows and hooks, with evidence."""

from __future__ import annotations

from ci_framework.analysis.benchmark_suites import state_benchmarks
from ci_framework.analysis.branches import state_branches
from ci_framework.analysis.coverage import state_coverage
from ci_framework.analysis.distributions import state_distributions
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.hooks import read_hooks
from ci_framework.analysis.identity import state_identity
from ci_framework.analysis.integrations import state_surroundings
from ci_framework.analysis.layout import state_layout
from ci_framework.analysis.manager import state_manager
from ci_framework.analysis.matrices import state_platforms
from ci_framework.analysis.mcp_servers import state_mcp_server
from ci_framework.analysis.pixi import read_pixi, state_pixi
from ci_framework.analysis.python_versions import state_pythons
from ci_framework.analysis.requirements import read_requirements
from ci_framework.analysis.survey import Survey
from ci_framework.analysis.tasks import commands_by_name, read_tasks
from ci_framework.analysis.test_needs import state_test_needs
from ci_framework.analysis.testing import configured_testpaths, state_testing
from ci_framework.analysis.tests_layout import state_tests
from ci_framework.analysis.tools import read_tools, state_choices
from ci_framework.analysis.workflows.pipelines import read_pipelines
from ci_framework.analysis.workflows.reading import read_workflows
from ci_framework.inventory import Inventory, Unreadable
from ci_framework.repository import Repository


def analyze(repository: Repository) -> Inventory:
    """Analyze a repository without running any of its code."""
    survey = Survey(repository)
    findings = Findings()
    requirements = read_requirements(survey)
    pixi = read_pixi(survey, requirements)
    survey.tasks = read_tasks(survey, pixi)
    commands = commands_by_name(survey.tasks)
    survey.workflows, broken_workflows = read_workflows(repository, commands)
    survey.hooks, broken_hooks = read_hooks(repository)
    state_identity(survey, findings)
    state_manager(survey, pixi, findings)
    state_pixi(survey, pixi, findings)
    layout = state_layout(survey, findings)
    state_distributions(survey, findings)
    state_tests(survey, layout, configured_testpaths(survey), findings)
    tools = read_tools(survey, requirements, pixi)
    state_choices(survey, tools, findings)
    state_testing(survey, requirements, pixi, tools, findings)
    state_test_needs(survey, findings)
    state_benchmarks(survey, requirements, pixi, findings)
    state_mcp_server(survey, requirements, findings)
    state_coverage(survey, findings)
    state_pythons(survey, requirements, pixi, findings)
    state_platforms(survey, pixi, findings)
    state_branches(survey, findings)
    state_surroundings(survey, requirements, findings)
    unreadable = {item.path: item for item in (*broken_workflows, *broken_hooks)}
    unreadable |= survey.documents.unreadable
    for path in survey.unnamed:
        reason = "its name is not UTF-8"
        unreadable[path] = Unreadable(path=path, line=0, reason=reason)
    return Inventory(
        commit=repository.head,
        files=len(repository.tracked),
        facts=findings.all(),
        tools=tools,
        tasks=survey.tasks,
        workflows=survey.workflows,
        hooks=survey.hooks,
        unreadable=[unreadable[path] for path in sorted(unreadable)],
        pipelines=read_pipelines(repository),
    )
