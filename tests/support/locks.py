"""Small locks of every kind, with the manifest beside each."""

from __future__ import annotations

import json

HASH = "8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254"
LOCKS = (
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "pylock.toml",
    "pylock.main.toml",
    "pixi.lock",
    "Pipfile.lock",
    "conda-lock.yml",
    "requirements.txt",
)


def lock_of(kind: str, *required: str, **versions: str) -> dict[str, str]:
    """A lock and its manifest, which requires the first package unless told."""
    rows = required or tuple(name for name in versions)
    files = {"pyproject.toml": _manifest(*rows), kind: _lock(kind, versions)}
    if kind == "Pipfile.lock":
        ranges = "".join(f'{_name(row)} = "{_range(row)}"\n' for row in rows)
        files["Pipfile"] = f"[packages]\n{ranges}"
    if kind == "conda-lock.yml":
        listed = "".join(f"  - {row}\n" for row in rows)
        files["environment.yml"] = f"dependencies:\n- pip:\n{listed}"
    return files


def _name(row: str) -> str:
    return row.partition(">")[0]


def _range(row: str) -> str:
    return row.removeprefix(_name(row)) or "*"


def _manifest(*rows: str) -> str:
    listed = json.dumps(rows)
    return f'[project]\nname = "demo"\nversion = "1"\ndependencies = {listed}\n'


def _lock(kind: str, versions: dict[str, str]) -> str:
    head, row = _FORMATS["pylock.toml" if kind.startswith("pylock") else kind]
    body = "".join(
        row.format(name=name, version=version, hash=HASH)
        for name, version in versions.items()
    )
    if kind == "Pipfile.lock":
        listed = ", ".join(
            row.format(name=name, version=version, hash=HASH)
            for name, version in versions.items()
        )
        return f'{{"_meta": {{}}, "default": {{{listed}}}, "develop": {{}}}}\n'
    return head + body


_FORMATS = {
    "uv.lock": (
        'version = 1\n\n[[package]]\nname = "demo"\nversion = "1"\n'
        'source = { virtual = "." }\n',
        '\n[[package]]\nname = "{name}"\nversion = "{version}"\n'
        'source = {{ registry = "https://pypi.org/simple" }}\n'
        'wheels = [{{ url = "https://example.org/x", hash = "sha256:{hash}" }}]\n',
    ),
    "poetry.lock": (
        '[metadata]\nlock-version = "2.1"\n',
        '[[package]]\nname = "{name}"\nversion = "{version}"\n'
        'files = [{{file = "x", hash = "sha256:{hash}"}}]\n',
    ),
    "pdm.lock": (
        '[metadata]\nlock_version = "4.5.0"\n',
        '[[package]]\nname = "{name}"\nversion = "{version}"\n'
        'files = [{{file = "x", hash = "sha256:{hash}"}}]\n',
    ),
    "pylock.toml": (
        'lock-version = "1.0"\ncreated-by = "test"\n',
        '[[packages]]\nname = "{name}"\nversion = "{version}"\n'
        'wheels = [{{name = "x", hashes = {{sha256 = "{hash}"}}}}]\n',
    ),
    "pixi.lock": (
        "version: 6\npackages:\n",
        "- pypi: https://example.org/{name}-{version}-py3-none-any.whl\n"
        '  name: {name}\n  version: "{version}"\n  sha256: {hash}\n',
    ),
    "conda-lock.yml": (
        "version: 1\nmetadata: {}\npackage:\n",
        "- name: {name}\n  version: '{version}'\n  manager: pip\n"
        "  platform: linux-64\n  hash: {{sha256: {hash}}}\n",
    ),
    "Pipfile.lock": (
        "",
        '"{name}": {{"version": "=={version}", "hashes": ["sha256:{hash}"]}}',
    ),
    "requirements.txt": ("", "{name}=={version} \\\n    --hash=sha256:{hash}\n"),
}
