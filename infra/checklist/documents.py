"""Terraform's documents as a list of resources: state, plan, and the raw state file.

https://developer.hashicorp.com/terraform/internals/json-format
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

SIZE_MAX = 32 * 1024 * 1024
SHOW = "terraform show -json"
AWS = "hashicorp/aws"


class DocumentError(Exception):
    """A file cannot be checked: the sentence, and `hint` what to do."""

    def __init__(self, sentence: str, hint: str) -> None:
        super().__init__(" ".join(sentence.split()))  # names in it may hold anything
        self.hint = hint


class Kind(StrEnum):
    STATE = "state"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Resource:
    """One managed resource. `later` marks what is known only after apply, as Terraform does."""

    at: str
    type: str
    values: Mapping[str, Any]
    later: object = None
    depends_on: tuple[str, ...] | None = None  # None: not told


def load(path: Path, kind: Kind) -> list[Resource]:
    """The AWS resources of a file. Raises DocumentError if it is none, or has none."""
    found = list(_resources(_parse(path), path, kind))
    if not found:
        raise DocumentError(
            f"{path} has no resources of the provider {AWS}",
            f"give the {kind} of the root module that makes the services",
        )
    return found


def _parse(path: Path) -> object:
    """The JSON; bounded, as every check loads the whole file."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:  # a pipe has no size, and is bounded all the same
            text = b"" if size > SIZE_MAX else file.read(SIZE_MAX + 1)
        if max(size, len(text)) > SIZE_MAX:
            raise _large(path, max(size, len(text)))
        return json.loads(text)
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror}", "check the path") from None
    except (ValueError, RecursionError):
        raise DocumentError(
            f"{path} is not JSON", f"write it with `{SHOW} > state.json` (a plan: `{SHOW} FILE`)"
        ) from None


def _large(path: Path, size: int) -> DocumentError:
    return DocumentError(
        f"{path} has {size / 1_048_576:.0f} MB; at most {SIZE_MAX // 1_048_576} are read",
        f"write it anew with `{SHOW}`; a test's state needs its provider_schemas removed",
    )


def _resources(document: object, path: Path, kind: Kind) -> Iterator[Resource]:
    if not isinstance(document, dict):
        raise _wrong(path, kind)
    if isinstance(document.get("test_state"), dict):  # a line of `terraform test -json`
        document = document["test_state"]
    return _of_kind(_mapping(document), path, kind)


def _of_kind(document: Mapping[str, Any], path: Path, kind: Kind) -> Iterator[Resource]:
    if "resource_changes" in document or "planned_values" in document:
        if kind is Kind.STATE:
            raise DocumentError(f"{path} is a plan, not a state", f"use `--plan {path}`")
        return _planned(document)
    if kind is Kind.PLAN:
        raise _wrong(path, kind)
    if document.get("version") == 4 and "resources" in document:
        return _raw(document)
    if "root_module" in document:  # a test's state
        return _module(_mapping(document["root_module"]))
    if "format_version" in document or "values" in document:
        values = _mapping(document.get("values"))
        return _module(_mapping(values.get("root_module")))
    raise _wrong(path, kind)


def _wrong(path: Path, kind: Kind) -> DocumentError:
    name = "plan.tfplan " if kind is Kind.PLAN else ""
    return DocumentError(
        f"{path} is JSON, but no Terraform {kind}", f"write it with `{SHOW} {name}> {kind}.json`"
    )


def _module(module: Mapping[str, Any]) -> Iterator[Resource]:
    """A module of `terraform show -json` and all below it."""
    waiting = [module]
    while waiting:
        module = waiting.pop()
        for one in _list(module.get("resources")):
            if one.get("mode") == "managed" and _is_aws(one.get("provider_name")):
                needs = one.get("depends_on")
                yield Resource(
                    str(one.get("address")),
                    str(one.get("type")),
                    _mapping(one.get("values")),
                    depends_on=tuple(needs) if isinstance(needs, list) else None,
                )
        waiting += _list(module.get("child_modules"))


def _planned(document: Mapping[str, Any]) -> Iterator[Resource]:
    for one in _list(document.get("resource_changes")):
        change = _mapping(one.get("change"))
        after = change.get("after")
        ours = one.get("mode") == "managed" and _is_aws(one.get("provider_name"))
        if ours and isinstance(after, dict):
            at, kind = str(one.get("address")), str(one.get("type"))
            yield Resource(at, kind, after, change.get("after_unknown"))


def _raw(document: Mapping[str, Any]) -> Iterator[Resource]:
    """The state file itself, version 4: what many people have at hand."""
    for one in _list(document.get("resources")):
        if one.get("mode") != "managed" or not _is_aws(one.get("provider")):
            continue
        module = f"{one['module']}." if one.get("module") else ""
        for instance in _list(one.get("instances")):
            key = instance.get("index_key")
            index = "" if key is None else f"[{json.dumps(key)}]"
            needs = instance.get("dependencies")
            yield Resource(
                f"{module}{one.get('type')}.{one.get('name')}{index}",
                str(one.get("type")),
                _mapping(instance.get("attributes")),
                depends_on=tuple(needs) if isinstance(needs, list) else None,
            )


def _is_aws(provider: object) -> bool:
    """By the provider's name in any registry, also within `provider["..."].alias`."""
    return provider is None or re.search(rf'{AWS}($|")', str(provider)) is not None


def _mapping(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _list(found: object) -> list[Any]:
    """The blocks of a list; what is none is left out."""
    return [x for x in found if isinstance(x, dict)] if isinstance(found, Sequence) else []
