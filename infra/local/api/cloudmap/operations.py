"""Operations: what Cloud Map does behind the caller's back is done at once here, and remembered."""

from collections import OrderedDict
from datetime import datetime
from operator import ge, le

from infra.local.api.context import Context
from infra.local.api.errors import ApiError
from infra.local.api.identifiers import hexadecimal
from infra.local.api.pagination import page, with_token
from infra.local.clock import to_datetime
from infra.local.store import Document

OPERATIONS_KEPT = 1000


class Operations:
    """The operations of this plane's life, all of them with status SUCCESS."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: OrderedDict[str, Document] = OrderedDict()

    def record(self, kind: str, targets: dict[str, str]) -> str:
        """Note what was just done, and give the id to ask for it with."""
        identity, now = hexadecimal(32), to_datetime(self._context.now_ms())
        self._known[identity] = {
            "Id": identity,
            "Type": kind,
            "Status": "SUCCESS",
            "CreateDate": now,
            "UpdateDate": now,
            "Targets": targets,
        }
        if len(self._known) > OPERATIONS_KEPT:
            self._known.popitem(last=False)
        return identity

    async def get_operation(self, params: Document) -> Document:
        operation = self._known.get(params["OperationId"])
        if operation is None:
            message = f"No operation {params['OperationId']} is known"
            raise ApiError("OperationNotFound", message)
        return {"Operation": operation}

    async def list_operations(self, params: Document) -> Document:
        """By namespace, service, status, type and time of the change."""
        matching = [
            o
            for o in self._known.values()
            if all(_matches(o, wanted) for wanted in params.get("Filters", ()))
        ]
        found, token = page(
            matching,
            lambda o: (o["Id"],),
            params.get("MaxResults", 100),
            params.get("NextToken"),
            error_code="InvalidInput",
        )
        briefs = [{"Id": o["Id"], "Status": o["Status"]} for o in found]
        return with_token({"Operations": briefs}, "NextToken", token)


def _matches(operation: Document, wanted: Document) -> bool:
    values = wanted["Values"]
    if wanted["Name"] == "UPDATE_DATE":
        return _within(operation["UpdateDate"], values)
    targets = operation["Targets"]
    own = {
        "NAMESPACE_ID": targets.get("NAMESPACE"),
        "SERVICE_ID": targets.get("SERVICE"),
        "STATUS": operation["Status"],
        "TYPE": operation["Type"],
    }
    return own[wanted["Name"]] in values


def _within(moment: datetime, values: list[str]) -> bool:
    """Between two times in milliseconds of the epoch, the second of which may be missing."""
    bounds = zip((ge, le), values, strict=False)
    return all(holds(moment.timestamp() * 1000, float(value)) for holds, value in bounds)
