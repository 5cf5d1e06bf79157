"""Answers of every question: text of any kind, accepted ones and refused ones."""

from __future__ import annotations

HOSTILE_TEXT = [
    'it\'s "quoted"',
    "back\\slash \\n \\u0041 \\",
    "${{ secrets.TOKEN }}",
    "{{ project_name }} {% raw %} {# x #}",
    "<script>alert(1)</script> &amp; <!-- x",
    "*bold* _em_ `code` ~~no~~ [a](b) ![c](d) | e | f",
    "# not a heading",
    "- not a list",
    "+ not a list",
    "1. not a list",
    "2) not a list",
    "> no quote",
    "--- no rule",
    "=== no heading",
    "<<<<<<< HEAD",
    "======= x",
    "$x^2$ costs $5 & 'more'",
    "```not a fence",
    "~~~not a fence",
    "null",
    "yes",
    "0x10",
    "1e3",
    "2024-01-01",
    "key: value # comment",
    "!tag &anchor *alias",
    "%directive @at `tick`",
    "[a] {b: c}",
    "'''",
    '"""',
    "]]>",
    "日本語 émoji 🎉 👩\u200d💻",
    "a" * 512,
    "two  spaces",
]


ACCEPTED = [
    ("package_name", "other_name"),
    ("author_email", "12+me@users.noreply.github.com"),
    ("repository", "https://git.example.org:8443/group/sub/na.me_1/"),
    ("main_branch", "release/2.x-next_1"),
    ("integration_branch", "team-a/development"),
    ("source_paths", ["src", "tools/my scripts", ".hidden/x+y@z", "größe"]),
    ("test_paths", ["tests", "src/inner tests"]),
    ("pixi_prefix", "ci-2-"),
    ("github_prefix", "framework-"),
    ("hooks_indent", 0),
    ("updates_indent", 8),
    ("coverage_threshold", 0),
    ("coverage_threshold", 100),
    ("benchmark_suite", ["perf", "my bench/x"]),
    ("regression_threshold", "2.5%"),
    ("exclude_newer", "1 week"),
    ("service_port", 65535),
    ("service_image", "rabbitmq@sha256:" + "0" * 64),
    ("exclude_newer", "2026-01-31"),
    ("unmanaged", [".github/workflows/python-ci.yml", "ci-framework/configs"]),
]


REFUSED: list[tuple[str, object]] = [
    ("setup", "quick"),
    *(
        ("project_name", name)
        for name in (
            "",
            " a",
            "a ",
            "-a",
            "a-",
            "a/b",
            "a\nb",
            "a\n",
            "é",
            "a" * 65,
            "a'b",
            "${{ a }}",
            "{{ 1 }}",
            "pytest",
            "Pre Commit",
        )
    ),
    *(
        ("package_name", name)
        for name in (
            "",
            "1a",
            "a-b",
            "a.b",
            "a b",
            "é",
            "class",
            "json",
            "tests",
            "test",
            "My",
            "_a",
            "a\n",
            "a" * 65,
            "con",
            "pytest",
            "pre_commit",
            "ci_engine",
            "src",
        )
    ),
    *(
        (answer, text)
        for answer in ("description", "author_name")
        for text in (
            "a\nb",
            "a\n",
            "a\tb",
            "a\x00b",
            "a\x1bb",
            "a\x7fb",
            "a\x85b",
            "a\u2028b",
            "a\u202eb",
            "\ufeffa",
            " a",
            "a ",
            "\u00a0a",
            "a" * 513,
        )
    ),
    ("author_name", "Doe, Jane"),
    *(
        ("author_email", text)
        for text in ("a", "a@b", "a b@c.org", "<a@b.org>", 'a"@b.org', "a@b.org\n")
    ),
    *(
        ("repository", text)
        for text in (
            "http://github.com/a/b",
            "git@github.com",
            "name",
            "https://github.com/a/b c",
            "https://github.com",
            "https://u:p@github.com/a/b",
            "https://github.com/a b",
            'https://github.com/a"b',
            "https://github.com/a/b?c",
            "https://github.com/a/b\n",
        )
    ),
    *(
        (answer, text)
        for answer in ("main_branch", "integration_branch")
        for text in (
            "a b",
            "a..b",
            "a.lock",
            "a.lock/b",
            "a./b",
            "/a",
            "a/",
            "a//b",
            "-a",
            ".a",
            "a.",
            "a/.b",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "a[b",
            "a\\b",
            "a@{b",
            "@",
            "HEAD",
            "a'b",
            "${{ x }}",
            "a\n",
        )
    ),
    ("main_branch", ""),
    ("integration_branch", "main"),
    *(
        (answer, paths)
        for answer in ("source_paths", "test_paths", "unmanaged")
        for paths in (
            "src",
            "{a: b}",
            {"a": "b"},
            7,
            None,
            [1],
            [None],
            [["src"]],
            ["/src"],
            ["src/"],
            ["../src"],
            ["src/../x"],
            ["./src"],
            ["src\\x"],
            ["C:/x"],
            ["a*"],
            ["a?"],
            ["a[b]"],
            ["!a"],
            ["#a"],
            ["-a"],
            ["a'b"],
            ['a"b'],
            ["a\nb"],
            ["a\tb"],
            ["a$b"],
            ["a`b"],
            ["a;b"],
            ["a&b"],
            ["a|b"],
            ["{{ a }}"],
            ["a//b"],
            ["a "],
            [" a"],
            ["a."],
            [""],
            ["a" * 201],
            ["src", "tests", "a", "A"],
        )
    ),
    ("source_paths", []),
    ("source_paths", ["lib"]),
    ("test_paths", []),
    ("test_paths", ["spec"]),
    ("test_paths", ["tests", "src"]),
    ("unmanaged", ["."]),
    ("unmanaged", [".copier-answers.yml"]),
    ("unmanaged", [".copier-answers.ci-framework.yml"]),
    *(
        (answer, text)
        for answer in ("pixi_prefix", "github_prefix")
        for text in ("A", "1", "-a", "a_b", "a b", "a" * 21)
    ),
    *(
        (answer, value)
        for answer in ("hooks_indent", "updates_indent")
        for value in (-1, 9, "two", 2.5, True, None, [2])
    ),
    ("benchmarks", "maybe"),
    ("load_testing", "maybe"),
    ("services", ["mysql"]),
    *(("service_port", value) for value in (0, 80, 65536, "web", 1.5, True, None)),
    *(
        ("service_image", text)
        for text in ("redis", "redis:7", "a b@sha256:" + "0" * 64)
    ),
    *(("exclude_newer", text) for text in ("7", "7d", "seven days", "2026-13-01")),
    ("benchmark_suite", []),
    ("benchmark_suite", ["../perf"]),
    *(
        ("regression_threshold", text)
        for text in ("10", "0%", "-1%", "ten%", "1e1%", "10%\n", "10 %", "12345%")
    ),
    ("docs", "zensical"),
    ("docs_deploy", "ftp"),
    ("docs_versions", "maybe"),
    ("settings_file", "setup.cfg"),
    ("hooks", ["test"]),
    ("update_ecosystems", ["npm"]),
    ("crlf_files", ["README.md"]),
    *(
        ("coverage_threshold", value)
        for value in (-1, 101, "ninety", 89.5, True, None, [90], "")
    ),
    ("python_versions", []),
    ("python_versions", ["3.9"]),
    ("python_versions", [3.10]),
    ("platforms", []),
    ("platforms", ["beos"]),
    ("license", "GPL"),
    ("project_type", "script"),
    ("project_state", "old"),
    ("package_manager", "conda"),
    ("type_checker", "ty"),
]
