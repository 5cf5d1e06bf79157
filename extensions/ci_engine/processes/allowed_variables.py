"""The environment variables for programs that need no secrets.

Everything else stays with the engine: tokens of the workflow, cloud keys, addresses of
databases. Scanners, linters, type checkers and installers get only these; the tests,
the benchmarks and the project's own commands get all variables, as they would outside
the engine.

Only the standard library is used: the engine is installed with this module, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAMES = frozenset(
    {
        # User and locale.
        *("PATH", "HOME", "USER", "LOGNAME", "USERNAME", "SHELL", "PWD", "HOSTNAME"),
        *(
            "LANG",
            "LANGUAGE",
            "TZ",
            "TERM",
            "COLUMNS",
            "LINES",
            "NO_COLOR",
            "COLORTERM",
        ),
        *("TMPDIR", "TMP", "TEMP", "CI", "DISPLAY"),
        # The network.
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "FTP_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("NODE_EXTRA_CA_CERTS", "OSV_SERVICE_URL"),
        # Windows needs some of these to start programs.
        *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "OS"),
        *("APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMW6432"),
        *("PROGRAMFILES(X86)", "COMMONPROGRAMFILES", "ALLUSERSPROFILE", "PUBLIC"),
        *("USERPROFILE", "HOMEDRIVE", "HOMEPATH", "NUMBER_OF_PROCESSORS"),
        *("PROCESSOR_ARCHITECTURE", "PROCESSOR_IDENTIFIER", "USERDOMAIN"),
        # Interpreters and their libraries.
        *("VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "MYPYPATH"),
        *(
            "DYLD_FALLBACK_LIBRARY_PATH",
            "SOURCE_DATE_EPOCH",
            "MACOSX_DEPLOYMENT_TARGET",
        ),
        *("DJANGO_SETTINGS_MODULE", "DJANGO_CONFIGURATION", "SKIP"),
        # Containers and remote repositories, whose secrets are in files.
        *("DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT", "SSH_AUTH_SOCK"),
    }
)
_PREFIXES = (
    *("LC_", "XDG_", "PYTHON", "PYENV_", "PYRIGHT_PYTHON_", "MYPY_", "RUFF_"),
    *("PYREFLY_", "PRE_COMMIT_", "PREK_", "KF_", "SEMGREP_", "GRYPE_", "SYFT_"),
    "TRIVY_",
    *("GIT_", "CI_FRAMEWORK_", "CI_ENGINE_", "PIXI_", "CONDA_"),
)
# Installers may build packages, with the compilers of this machine.
_INSTALLER_NAMES = frozenset(
    {
        *("CC", "CXX", "CPP", "AR", "AS", "LD", "NM", "STRIP", "RANLIB", "FC", "F77"),
        *("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "FFLAGS", "ARCHFLAGS"),
        *("MAKEFLAGS", "NETRC", "INCLUDE", "LIB", "LIBPATH", "LIBRARY_PATH", "CPATH"),
        *(
            "C_INCLUDE_PATH",
            "CPLUS_INCLUDE_PATH",
            "JAVA_HOME",
            "SDKROOT",
            "DEVELOPER_DIR",
        ),
    }
)
_INSTALLER_PREFIXES = (
    *(
        "UV_",
        "PIP_",
        "POETRY_",
        "PDM_",
        "HATCH_",
        "RATTLER_",
        "MAMBA_",
        "KEYRING_",
        "PKG_CONFIG",
    ),
    *("CMAKE_", "CARGO_", "RUSTUP_", "MATURIN_", "SETUPTOOLS_", "CUDA_", "VCTOOLS"),
    *("VSCMD_", "VISUALSTUDIO", "WINDOWSSDK"),
)
# Excluded even if the prefix of the name is allowed.
_SECRET = re.compile(
    r"TOKEN|SECRET|PASSW|CREDENTIAL|PRIVATE|USERNAME|(?:API|ACCESS|_)_?KEY"
    r"|^GIT_CONFIG_(?:COUNT|KEY|VALUE|PARAMETERS)|HTTP_BASIC|AUTH_FILE"
)
# Credentials of package indexes, which installers need, but not for publishing.
_OPENS_INDEX = re.compile(
    r"UV_INDEX_\w+_(?:USERNAME|PASSWORD)|UV_KEYRING_PROVIDER|PIP_KEYRING_PROVIDER"
    r"|POETRY_HTTP_BASIC_\w+|PDM_\w*(?:USERNAME|PASSWORD)|RATTLER_AUTH_FILE"
    r"|GIT_CONFIG_(?:COUNT|KEY_\d+|VALUE_\d+|PARAMETERS)"
)


def plain_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables for a program that needs no secrets."""
    return {name: text for name, text in variables.items() if _is_plain(name.upper())}


def installing_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables for an installer, which accesses indexes and builds packages."""
    return {
        name: text
        for name, text in variables.items()
        if _is_for_installers(name.upper())
    }


def _is_plain(name: str) -> bool:
    if name in _NAMES:
        return True
    return name.startswith(_PREFIXES) and not _SECRET.search(name)


def _is_for_installers(name: str) -> bool:
    if _is_plain(name) or name in _INSTALLER_NAMES or _OPENS_INDEX.fullmatch(name):
        return True
    return name.startswith(_INSTALLER_PREFIXES) and not _SECRET.search(name)
