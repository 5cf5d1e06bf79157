"""Services that tests need, such as a database."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from ci_engine.configuration.value_types import StrictTable, Text

ServiceName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]*$")]
Readiness = Literal["auto", "tcp", "redis", "postgres"]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Service(StrictTable, frozen=True):
    """One service: a container that listens on a port of this machine.

    Attributes:
        image: the image of its container, with a tag or digest.
        port: the port it listens on, in the container and on this machine.
        ready: the check it must pass before tests start; auto = chosen by its name, or
            tcp for unknown names, which only connects.
        environment: the environment variables of its container.
    """

    image: Text
    port: Port
    ready: Readiness = "auto"
    environment: dict[str, str] = msgspec.field(default_factory=dict[str, str])
