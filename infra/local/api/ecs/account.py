"""Account settings: kept and returned; containerInsights is the default of new clusters.

Which values each setting takes is documented; the texts of refusals are ours.
"""

from infra.local.api.context import Context
from infra.local.api.ecs import errors
from infra.local.api.pagination import check_limit, page, with_token
from infra.local.store import Document, Store

_SWITCH = ("enabled", "disabled")
VALUES = {
    "awsvpcTrunking": ("disabled", "enabled"),
    "containerInsights": ("disabled", "enabled", "enhanced"),
    "containerInstanceLongArnFormat": _SWITCH,
    "defaultLogDriverMode": ("non-blocking", "blocking"),
    "fargateEventWindows": ("disabled", "enabled"),
    "fargateFIPSMode": ("disabled", "enabled"),
    "fargateTaskRetirementWaitPeriod": ("7", "0", "14"),
    "guardDutyActivate": ("off", "on"),
    "serviceLongArnFormat": _SWITCH,
    "tagResourceAuthorization": ("off", "on"),
    "taskLongArnFormat": _SWITCH,
}  # the first is the default


class AccountSettings:
    """There is one principal here, the account's root: settings and defaults are the same."""

    def __init__(self, context: Context) -> None:
        self._store = context.store

    async def list_account_settings(self, params: Document) -> Document:
        """Those that were set; with effectiveSettings all."""
        known = dict(self._store.account_settings)
        if params.get("effectiveSettings"):
            known = {name: effective(self._store, name) for name in VALUES}
        found, token = page(
            [
                (name, value)
                for name, value in known.items()
                if name == params.get("name", name) and value == params.get("value", value)
            ],
            lambda item: item,
            check_limit(params.get("maxResults", 10), 100, "maxResults"),
            params.get("nextToken"),
        )
        settings = [self._describe(name, value) for name, value in found]
        return with_token({"settings": settings}, "nextToken", token)

    async def put_account_setting(self, params: Document) -> Document:
        """Set it for this account."""
        return self._put(params)

    async def put_account_setting_default(self, params: Document) -> Document:
        """Set it for everybody, which is this account."""
        return self._put(params)

    async def delete_account_setting(self, params: Document) -> Document:
        """Back to ECS's default."""
        self._store.account_settings.pop(params["name"], None)
        return {"setting": self._describe(params["name"], effective(self._store, params["name"]))}

    def _put(self, params: Document) -> Document:
        name, value = params["name"], params["value"]
        if value not in VALUES[name]:
            message = f"{name} is {value!r}, it must be {', '.join(VALUES[name])}"
            raise errors.parameter_error(message)
        if name == "guardDutyActivate":
            raise errors.parameter_error(f"{name} is set by GuardDuty and cannot be changed")
        self._store.account_settings[name] = value
        return {"setting": self._describe(name, value)}

    def _describe(self, name: str, value: str) -> Document:
        root = f"arn:aws:iam::{self._store.account}:root"
        return {"name": name, "value": value, "principalArn": root, "type": "user"}


def effective(store: Store, name: str) -> str:
    return store.account_settings.get(name, VALUES[name][0])
