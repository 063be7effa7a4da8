"""The account that `check` and `import` ask: AWS, or an endpoint like it."""

import os
from typing import TYPE_CHECKING

from rehearse.keys import access_key, secret_key

if TYPE_CHECKING:
    from infra.checklist.asking import Account

REGION = "eu-central-1"  # of an endpoint that does not care


def account(endpoint: str | None) -> "Account":
    """AWS with the shell's credentials and region, or the endpoint, with dummy keys if need be.

    boto3 is imported here: a third of a second, which who reads files need not wait for.
    """
    import boto3

    from infra.checklist.asking import Account

    # boto3 by itself looks at AWS_DEFAULT_REGION and the profile alone
    session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    if endpoint is None:
        return Account(session)
    usual = {"region_name": session.region_name or REGION}
    if session.get_credentials() is None:
        usual |= {"aws_access_key_id": access_key(), "aws_secret_access_key": secret_key()}
    return Account(boto3.Session(**usual), endpoint)
