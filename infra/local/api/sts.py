"""GetCallerIdentity, which tools call before anything else."""

from infra.local.api.context import Context
from infra.local.store import Document


class Sts:
    def __init__(self, context: Context) -> None:
        self._account = context.store.account

    async def get_caller_identity(self, params: Document) -> Document:
        """Everybody here is the account's root."""
        return {
            "UserId": self._account,
            "Account": self._account,
            "Arn": f"arn:aws:iam::{self._account}:root",
        }
