"""Projects with documentation: clean ones, and problems to insert."""

from __future__ import annotations

from pathlib import Path

from tests.support.projects import DemoProject, Run, git, install_tool

MKDOCS = """\
site_name: Demo
site_url: https://example.org/demo/
theme:
  name: material
  font: false
  icon:
    repo: !ENV [ICON, fontawesome/brands/git-alt]
plugins:
  - search
  - mkdocstrings:
      handlers:
        python:
          paths: [src]
markdown_extensions:
  - attr_list
  - footnotes
  - pymdownx.superfences
  - pymdownx.tabbed:
      alternate_style: true
  - toc:
      permalink: true
nav:
  - Start: index.md
  - Guide: guide/start.md
  - guide/größe und mehr.md
  - Reference: reference.md
not_in_nav: |
  /hidden.md
"""
# Every kind of link that is good, though it does not look so.
GOOD_MARKDOWN = """\
# Start

[page](guide/start.md) [anchor](guide/start.md#two-words) [here](#end)
[top](#top) [itself](#) [mail](mailto:me@example.org) [call](tel:+4912345)
[script](javascript:void(0)) [data](data:text/plain,x) [far](https://example.com/x#y)
[own](https://example.org/demo/guide/start/#two-words)
[umlaut](<guide/größe und mehr.md>)
[encoded](guide/größe%20und%20mehr.md#gr%C3%B6%C3%9Fe)
[query](guide/start.md?x=1#two-words)
[rooted](/demo/guide/start/) [no slash](/demo/guide/start) [home](/demo)
[host](//example.com/x) [text](#:~:text=page) [file](data.json)
[api](reference.md#demo.double)
[named][demo.double] [hand-made](#hand-made) [icon](img/icon.svg#part)

<a name="hand-made"></a>

![picture](img/icon.svg) <img src="img/icon.svg" alt=""
srcset="img/icon.svg 1x, img/large@2x.svg 2x">

=== "One"

    first[^1]

=== "Two"

    second

```python
x = "<a href='nowhere.html'>"
y = [z][undefined]
```

`[a][b]` \\[x\\]\\[y\\] [defined][def] [DEF][] <b>[x]</b>[^1]

[def]: guide/start.md

[^1]: A note.

## End { #end }
"""
FAULTY_MARKDOWN = """\
# Faults

<a href="../nowhere/">one</a>

<a href="../guide/Start/">case</a>

[anchor](guide/start.md#nowhere)

[Case of anchor](guide/start.md#Two-Words)

<a href="../../outside/">out</a>

<a href="/guide/start/">top of the host</a>

<a href="/other/">elsewhere</a>

<a href="https://example.org/demo/gone/">own</a>

<a href="file:///home/me/x.html">machine</a>

<img src="../img/gone.png" alt="x">

<img src="../img/icon.svg" alt="y" srcset="../img/icon.svg 1x, ../img/gone@2x.png 2x">

<link rel="stylesheet" href="../css/gone.css"> <script src="../js/gone.js"></script>

<video src="../gone.mp4" poster="../gone.jpg"></video>

<p id="twice"></p><p id="twice"></p>

[never **defined**][nowhere at
all] and [Nor this][]

[![badge](img/icon.svg)][badge]

<p style="background: url('../img/gone.webp')"></p>

### Skipped

# Second title

## <span></span>
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><g id="part"/></svg>\n'
CONF = """\
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
project = "Demo"
extensions = ["sphinx.ext.autodoc", "sphinx.ext.viewcode", "sphinx.ext.napoleon"]
html_theme = "{theme}"
html_baseurl = "https://example.org/demo/"
html_extra_path = ["data.json"]
nitpicky = True
"""
GOOD_RST = """\
Demo
====

.. toctree::

   guide/start
   reference

:doc:`guide/start` :ref:`end` :ref:`genindex` :ref:`modindex` :ref:`search`
:func:`demo.double` `far <https://example.com/x#y>`_ `mail <mailto:me@example.org>`_
`data <data.json>`_ `top <#top>`_ `query <guide/start.html?x=1#two-words>`_ [#]_

.. image:: img/icon.svg

.. raw:: html

   <a href="guide/start">no ending</a> <a href="/demo/search.html?q=x#stq=1">search</a>
   <a href="./">here</a> <a href="guide/">directory</a>

.. _end:

End
---

.. [#] A note.
"""
FAULTY_RST = """\
:orphan:

Faults
======

`one <nowhere.html>`_

`case <Reference.html>`_

`anchor <guide/start.html#nowhere>`_

`here <#nowhere-here>`_

.. raw:: html

   <img src="img/gone.png" alt="x">
   <a href="../outside.html">out</a>
   <a href="/reference.html">top of the host</a>
   <p id="twice"></p><p id="twice"></p>
   <h4>Skipped</h4>
   <h2></h2>

Second
======
"""


class DocsProject(DemoProject):
    """A small project with documentation in ``docs/``."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        for name in ("properdocs", "sphinx"):
            install_tool(self, name)
        self.write("docs/img/icon.svg", SVG)
        self.write("docs/img/large@2x.svg", SVG)
        self.write("docs/data.json", "{}\n")

    def docs(self, *arguments: str, **variables: str) -> Run:
        """Run ``ci docs``."""
        return self.run("docs", *arguments, variables={**variables})

    @property
    def site(self) -> Path:
        """The built pages."""
        return self.root / ".ci-framework" / "docs" / "site"


def with_mkdocs(root: Path) -> DocsProject:
    """A project of MkDocs, without a fault."""
    project = DocsProject(root)
    project.write("mkdocs.yml", MKDOCS)
    project.write("docs/index.md", GOOD_MARKDOWN)
    project.write("docs/guide/start.md", "# Guide\n\n## Two words\n\nText.\n")
    project.write("docs/guide/größe und mehr.md", "# Mehr\n\n## Größe { #größe }\n")
    project.write("docs/hidden.md", "# Hidden\n")
    project.write("docs/reference.md", "# Reference\n\n::: demo\n")
    return project


def with_sphinx(root: Path, theme: str = "furo") -> DocsProject:
    """A project of Sphinx, without a fault."""
    project = DocsProject(root)
    project.write("docs/conf.py", CONF.format(theme=theme))
    project.write("docs/index.rst", GOOD_RST)
    project.write("docs/guide/start.rst", "Guide\n=====\n\nTwo words\n---------\n")
    project.write("docs/guide/index.rst", ":orphan:\n\nIndex\n=====\n")
    reference = "Reference\n=========\n\n.. automodule:: demo\n   :members:\n"
    project.write("docs/reference.rst", reference)
    return project


def with_remote(project: DemoProject) -> Path:
    """A bare repository that the project is pushed to."""
    project.git_init()
    remote = project.root.with_name("remote.git")
    git(project.root, "init", "--quiet", "--bare", str(remote))
    git(project.root, "remote", "add", "origin", str(remote))
    git(project.root, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    return remote
