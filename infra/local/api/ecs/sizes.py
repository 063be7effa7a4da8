"""The sizes that Fargate has: CPU units and the MiB of memory that go with them (R7.3)."""

import re

from infra.local.api.ecs import errors

_GIB = 1024
MEMORY_MIB: dict[int, frozenset[int]] = {
    256: frozenset((512, 1024, 2048)),
    512: frozenset(range(1 * _GIB, 4 * _GIB + 1, _GIB)),
    1024: frozenset(range(2 * _GIB, 8 * _GIB + 1, _GIB)),
    2048: frozenset(range(4 * _GIB, 16 * _GIB + 1, _GIB)),
    4096: frozenset(range(8 * _GIB, 30 * _GIB + 1, _GIB)),
    8192: frozenset(range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB)),
    16384: frozenset(range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB)),
}
_AMOUNT = re.compile(r"(\d*\.?\d+)\s*(vcpu|gb)?", re.IGNORECASE)


def read_amount(text: str, name: str) -> int:
    """CPU units of `256` or `.25 vCPU`, MiB of `512` or `0.5 GB`. Raises ClientException."""
    match = _AMOUNT.fullmatch(text.strip())
    unit = {"cpu": "vcpu", "memory": "gb"}[name]
    if match is None or (match[2] and match[2].lower() != unit):
        raise errors.client_error(f"Invalid '{name}' setting for task: {text!r}")
    return int(float(match[1]) * _GIB) if match[2] else int(float(match[1]))


def is_fargate_size(cpu: int, memory: int) -> bool:
    return memory in MEMORY_MIB.get(cpu, frozenset())


def check_size(cpu: int, memory: int) -> None:
    """Refuse a pair that Fargate does not have, with ECS's text."""
    if not is_fargate_size(cpu, memory):
        raise errors.client_error(
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. "
            "See the Amazon ECS documentation for the valid values."
        )
