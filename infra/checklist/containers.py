"""Container definitions, which Terraform and ECS write alike: ECS's own JSON."""

import json
from collections.abc import Mapping

from infra.checklist.facts import Container, ContainerCheck, Port
from infra.checklist.known import Maybe, Unknown, Values, each, within

STOP_TIMEOUT = 30


def containers_of(at: str, document: Maybe) -> Maybe:
    """The containers of a JSON text or of the parsed list; Unknown if it is neither."""
    if isinstance(document, Unknown):
        return document
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return Unknown(f"{at}: container_definitions is not JSON")
    if not isinstance(document, list) or not all(isinstance(c, Mapping) for c in document):
        return Unknown(f"{at}: container_definitions is no list of containers")
    return tuple(_container(Values(at, c, exact=False)) for c in document)


def _container(values: Values) -> Container:
    log = values.block("logConfiguration")
    linux = values.block("linuxParameters")
    dropped = within(linux, lambda block: within(block.block("capabilities"), _drop))
    return Container(
        name=values.text("name"),
        image=values.text("image"),
        essential=values.flag("essential", True),
        ports=each(values.blocks("portMappings"), _port),
        environment=_pairs(values.blocks("environment")),
        secrets=each(values.blocks("secrets"), lambda one: str(one.get("valueFrom", ""))),
        log_driver=within(log, lambda block: block.text("logDriver")),
        log_options=within(log, lambda block: block.mapping("options")),
        stop_timeout=values.number("stopTimeout", STOP_TIMEOUT),
        check=within(values.block("healthCheck"), _check),
        entry_point=values.texts("entryPoint"),
        command=values.texts("command"),
        read_only=values.flag("readonlyRootFilesystem"),
        user=values.text("user"),
        drops_all=within(dropped, lambda names: "ALL" in names),
        init=within(linux, lambda block: block.flag("initProcessEnabled")),
        mounts=each(values.blocks("mountPoints"), lambda one: str(one.get("containerPath", ""))),
    )


def _check(values: Values) -> ContainerCheck:
    return ContainerCheck(
        command=values.texts("command"),
        interval=values.number("interval", 30),
        timeout=values.number("timeout", 5),
        retries=values.number("retries", 3),
        start_period=values.number("startPeriod", 0),
    )


def _port(values: Values) -> Port:
    return Port(values.number("containerPort", 0), values.text("name"), values.text("appProtocol"))


def _drop(block: Values) -> Maybe:
    return block.texts("drop")


def _pairs(blocks: Maybe) -> Maybe:
    if isinstance(blocks, Unknown):
        return blocks
    return {str(one.get("name", "")): str(one.get("value", "")) for one in blocks}
