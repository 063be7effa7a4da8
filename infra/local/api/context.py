"""What every handler of an API operation is given, and how operations find their handlers."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from inspect import getmembers, iscoroutinefunction

from botocore import xform_name

from infra.local.api.models import service_model
from infra.local.clock import Clock
from infra.local.store import Document, Signals, Store

Handler = Callable[[Document], Awaitable[Document]]


@dataclass(frozen=True, slots=True)
class Context:
    """The plane's records, its clock, and how to wake its controllers."""

    store: Store
    clock: Clock
    signals: Signals

    def now_ms(self) -> int:
        return self.clock.now_ms()


def handlers_of(service: str, parts: Sequence[object]) -> dict[str, Handler]:
    """Map operation names to the parts' coroutine methods, named as botocore names them.

    Raises ValueError for a public coroutine method that is no operation of the service.
    """
    methods = {
        name: method
        for part in parts
        for name, method in getmembers(part, iscoroutinefunction)
        if not name.startswith("_")
    }
    names = {xform_name(name): name for name in service_model(service).operation_names}
    strangers = sorted(set(methods) - set(names))
    if strangers:
        raise ValueError(f"{service} has no operations {', '.join(strangers)}")
    return {names[name]: method for name, method in methods.items()}
