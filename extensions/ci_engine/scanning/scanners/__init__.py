"""The engines of ``ci scan``, by name, in the order in which they are reported."""

from __future__ import annotations

from collections.abc import Mapping

from ci_engine.configuration.security_profiles import EngineName
from ci_engine.scanning.engine import Engine
from ci_engine.scanning.scanners import (
    audit,
    bandit,
    hadolint,
    history,
    images,
    inventory,
    kingfisher,
    leaks,
    ruff,
    semgrep,
    trufflehog,
    zizmor,
)

__all__ = ["ENGINES"]

ENGINES: Mapping[EngineName, Engine] = {
    engine.name: engine
    for engine in (
        Engine("ruff", "code", ruff.examine),
        Engine("bandit", "code", bandit.examine, "security"),
        Engine("semgrep", "code", semgrep.examine),
        Engine("audit", "dependency", audit.examine, "audit"),
        Engine("safety", "dependency", audit.examine_safety),
        Engine("kingfisher", "secret", kingfisher.examine),
        Engine("history", "secret", history.examine),
        Engine("detect-secrets", "secret", leaks.examine_detect_secrets),
        Engine("gitleaks", "secret", leaks.examine_gitleaks),
        Engine("trufflehog", "secret", trufflehog.examine),
        Engine("zizmor", "code", zizmor.examine),
        Engine("hadolint", "code", hadolint.examine),
        Engine("trivy", "image", images.examine_trivy),
        Engine("grype", "image", images.examine_grype),
        Engine("licenses", "license", inventory.examine_licenses),
        Engine("sbom", "inventory", inventory.examine_sbom),
    )
}
