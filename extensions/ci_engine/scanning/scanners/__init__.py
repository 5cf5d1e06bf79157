"""The scanners of ``ci scan``, in the order of reports.

A new scanner is an adapter in a module below, one entry of ``SCANNERS``, and its
timeout and levels in ``configs/security-profiles.yaml``. The schemas follow.
"""

from __future__ import annotations

from collections.abc import Mapping

from ci_engine.configuration.security_profiles import ScannerName
from ci_engine.scanning.scanner import Scanner
from ci_engine.scanning.scanners import (
    bandit,
    detect_secrets,
    gitleaks,
    hadolint,
    history,
    images,
    inventory,
    kingfisher,
    semgrep,
    zizmor,
)

SCANNERS: Mapping[ScannerName, Scanner] = {
    scanner.name: scanner
    for scanner in (
        Scanner("bandit", "code", bandit.run, gate="security"),
        Scanner("semgrep", "code", semgrep.run),
        Scanner("audit", "dependency", inventory.run_audit, gate="audit"),
        Scanner("kingfisher", "secret", kingfisher.run),
        Scanner("history", "secret", history.run),
        Scanner("detect-secrets", "secret", detect_secrets.run),
        Scanner("gitleaks", "secret", gitleaks.run),
        Scanner("zizmor", "code", zizmor.run),
        Scanner("hadolint", "code", hadolint.run),
        Scanner("trivy", "image", images.run_trivy),
        Scanner("grype", "image", images.run_grype),
        Scanner("licenses", "license", inventory.run_licenses),
        Scanner("sbom", "inventory", inventory.run_sbom),
    )
}
