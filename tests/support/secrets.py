"""Secrets created at run time, and texts that only look like secrets.

None of them is written down anywhere: a repository that holds them would be stopped
by the very scanners that are tested here.
"""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable, Iterator

_UPPER = string.ascii_uppercase
_LOWER = string.ascii_lowercase
_DIGITS = string.digits
_WORD = string.ascii_letters + _DIGITS
_HEX = _DIGITS + "abcdef"
SEEDED = 60
LOOK_ALIKES = 30

Make = Callable[[random.Random], str]


def _text(alphabet: str, number: int) -> Make:
    return lambda source: "".join(source.choice(alphabet) for _ in range(number))


def _joined(*parts: str | Make) -> Make:
    return lambda source: "".join(
        part if isinstance(part, str) else part(source) for part in parts
    )


def _private_key(source: random.Random) -> str:
    body = base64.b64encode(source.randbytes(1200)).decode()
    rows = [body[start : start + 64] for start in range(0, len(body), 64)]
    head = "-----BEGIN RSA PRIVATE " + "KEY-----"
    return "\n".join([head, *rows, "-----END RSA PRIVATE " + "KEY-----"])


def _jwt(source: random.Random) -> str:
    def part(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    number = source.randrange(10**9, 10**10)
    body = f'{{"sub":"{number}","name":"A B","iat":15162{source.randrange(10**5)}}}'
    signature = base64.urlsafe_b64encode(source.randbytes(32)).decode().rstrip("=")
    head = part('{"alg":"HS256","typ":"JWT"}')
    return f"{head}.{part(body)}.{signature}"


# The name of each kind in the file, and how it is created.
_KINDS: tuple[tuple[str, Make], ...] = (
    ("GITHUB_TOKEN", _joined("ghp_", _text(_WORD, 36))),
    ("GITHUB_OAUTH", _joined("gho_", _text(_WORD, 36))),
    ("GITHUB_FINE", _joined("github_pat_", _text(_WORD, 22), "_", _text(_WORD, 59))),
    ("AWS_ACCESS_KEY_ID", _joined("AKIA", _text(_UPPER + "234567", 16))),
    (
        "SLACK_TOKEN",
        _joined(
            "xoxb-", _text(_DIGITS, 12), "-", _text(_DIGITS, 12), "-", _text(_WORD, 24)
        ),
    ),
    (
        "SLACK_HOOK",
        _joined(
            "https://hooks.slack.com/services/T",
            _text(_UPPER + _DIGITS, 8),
            "/B",
            _text(_UPPER + _DIGITS, 8),
            "/",
            _text(_WORD, 24),
        ),
    ),
    ("STRIPE_KEY", _joined("sk_live_", _text(_WORD, 24))),
    ("GITLAB_TOKEN", _joined("glpat-", _text(_WORD, 20))),
    ("NPM_TOKEN", _joined("npm_", _text(_WORD, 36))),
    ("PYPI_TOKEN", _joined("pypi-AgEIcHlwaS5vcmc", _text(_WORD, 80))),
    ("GOOGLE_API_KEY", _joined("AIza", _text(_WORD, 35))),
    ("SENDGRID_KEY", _joined("SG.", _text(_WORD, 22), ".", _text(_WORD, 43))),
    ("PRIVATE_KEY", _private_key),
    ("SESSION_JWT", _jwt),
    ("ANTHROPIC_KEY", _joined("sk-ant-api03-", _text(_WORD, 93), "AA")),
    ("DIGITALOCEAN_TOKEN", _joined("dop_v1_", _text(_HEX, 64))),
    ("HUGGINGFACE_TOKEN", _joined("hf_", _text(string.ascii_letters, 34))),
    ("SHOPIFY_TOKEN", _joined("shpat_", _text(_HEX, 32))),
    ("DATABASE_URL", _joined("postgres://app:", _text(_WORD, 20), "@db.corp.io/app")),
    ("OPENAI_KEY", _joined("sk-", _text(_WORD, 20), "T3BlbkFJ", _text(_WORD, 20))),
)


def seeded(seed: int = 7) -> Iterator[tuple[str, str, str]]:
    """Sixty files with a secret each: name, text and the secret itself."""
    source = random.Random(seed)  # noqa: S311 - not for cryptography
    for number in range(SEEDED):
        name, make = _KINDS[number % len(_KINDS)]
        secret = make(source)
        form = number // len(_KINDS)
        file = f"{('settings', 'config', 'deploy')[form]}_{number:02}"
        suffix, text = (
            (".py", f'"""Settings."""\n\n{name} = """{secret}"""\n'),
            (".env", f"DEBUG=1\n{name}={secret}\n"),
            (".yaml", f"name: app\n{name.lower()}: |\n  {_indented(secret)}\n"),
        )[form]
        yield f"{file}{suffix}", text, secret


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


def look_alikes(seed: int = 11) -> Iterator[tuple[str, str]]:
    """Thirty files without any secret: digests, placeholders, ids, sample data."""
    source = random.Random(seed)  # noqa: S311 - not for cryptography
    digest, short = _text(_HEX, 64), _text(_HEX, 40)
    texts: list[Make] = [
        _joined('DIGEST = "sha256:', digest, '"\n'),
        _joined("  - uses: actions/checkout@", short, " # v7.0.1\n"),
        _joined('password = os.environ["APP_PASSWORD"]\ncommit = "', short, '"\n'),
        _joined("API_KEY=<your-api-key>\nTOKEN=${TOKEN}\n# build ", short, "\n"),
        _joined("six==1.16.0 --hash=sha256:", digest, "\n"),
        _joined('UUID = "', _text(_HEX, 8), "-1234-4abc-8def-", _text(_HEX, 12), '"\n'),
        _joined('IMAGE = "data:image/png;base64,iVBORw0KGgo', _text(_WORD, 200), '"\n'),
        _joined("token = get_token()\nsecret = None\n# ", _text(_WORD, 12), "\n"),
        _joined("integrity: sha512-", _text(_WORD, 86), "==\n"),
        _joined("password: changeme\nuser: example # ", _text(_DIGITS, 9), "\n"),
    ]
    for number in range(LOOK_ALIKES):
        yield f"clean_{number:02}.txt", texts[number % len(texts)](source)
