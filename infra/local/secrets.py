"""A container's secrets, read where the plane's other AWS APIs are: moto, or `--fallback`.

`valueFrom` is a Secrets Manager ARN (with an optional JSON key), or the name or ARN of a Systems
Manager parameter, as in a task definition.
"""

import json
import urllib.error
import urllib.request
from typing import Any

import anyio.to_thread

from infra.local.api.errors import ApiError
from infra.local.api.fallback import Fallback
from infra.local.control.sidecars import CannotInitializeError

LIMIT_S = 10.0
SECRETS_MANAGER = ":secretsmanager:"
ARN_FIELDS = 7  # arn:aws:secretsmanager:region:account:secret:name, then the JSON key


class SecretReader:
    """Reads secrets through the fallback, unsigned: moto and LocalStack ask for no signature."""

    def __init__(self, fallback: Fallback, region: str) -> None:
        self._fallback = fallback
        self._region = region

    async def __call__(self, reference: str) -> str:
        """The value. Raises CannotInitializeError with ECS's wording."""
        try:
            if SECRETS_MANAGER in reference:
                return await self._secret(reference)
            name = reference.rpartition(":parameter")[2] or reference
            found = await self._ask("ssm", "AmazonSSM.GetParameter", Name=name, WithDecryption=True)
            value: str = found["Parameter"]["Value"]
            return value
        except (ApiError, OSError, KeyError, ValueError) as error:
            raise CannotInitializeError(
                "unable to pull secrets or registry auth: execution resource retrieval failed: "
                f"unable to retrieve secret {reference}: {error}"
            ) from error

    async def _secret(self, reference: str) -> str:
        fields = reference.split(":")
        name, key = ":".join(fields[:ARN_FIELDS]), (*fields[ARN_FIELDS:], "")[0]
        found = await self._ask("secretsmanager", "secretsmanager.GetSecretValue", SecretId=name)
        value: str = found["SecretString"]
        return str(json.loads(value)[key]) if key else value

    async def _ask(self, service: str, target: str, **body: object) -> dict[str, Any]:
        host, port = await self._fallback.address(service)
        scope = f"20260101/{self._region}/{service}/aws4_request"
        request = urllib.request.Request(
            f"http://{host}:{port}/",
            data=json.dumps(body).encode(),
            headers={
                "X-Amz-Target": target,
                "Content-Type": "application/x-amz-json-1.1",
                "Authorization": f"AWS4-HMAC-SHA256 Credential=rehearse/{scope}, "
                "SignedHeaders=host, Signature=0",
            },
        )
        return await anyio.to_thread.run_sync(_send, request)


def _send(request: urllib.request.Request) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:  # noqa: S310 - as above
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        raise ValueError(error.read(500).decode(errors="replace")) from error
