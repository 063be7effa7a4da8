"""AWS Signature Version 4: who a request says it is for, and whether it is signed with our key."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from starlette.datastructures import Headers

from infra.local.api.errors import ApiError

CLOCK_SKEW_MS = 15 * 60 * 1000
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/"
    r"(?P<service>[^/]+)/aws4_request,\s*SignedHeaders=(?P<signed>[^,\s]+),\s*"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
_TIMESTAMP = re.compile(r"\d{8}T\d{6}Z")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key pair that a plane on a foreign address accepts."""

    access_key: str
    secret_key: str


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature covers. `url` is absolute, with its query."""

    method: str
    url: str
    headers: Headers
    body: bytes


def signed_service(headers: Headers) -> str | None:
    """The service in the credential scope (`ecs`), or None without a SigV4 header."""
    match = _AUTHORIZATION.match(headers.get("authorization", ""))
    return match["service"] if match else None


def check_signature(request: SignedRequest, accepted: Sequence[Credentials], now_ms: int) -> None:
    """Sign the request again and compare. Raises ApiError 403 if anything differs."""
    match = _AUTHORIZATION.match(request.headers.get("authorization", ""))
    if match is None:
        raise _refusal(
            "MissingAuthenticationToken", "sign requests with AWS SigV4 in the Authorization header"
        )
    key = match["key"].encode()
    known = (c for c in accepted if hmac.compare_digest(key, c.access_key.encode()))
    credentials = next(known, None)
    if credentials is None:
        raise _refusal("UnrecognizedClientException", "the access key is not REHEARSE_ACCESS_KEY")
    _check_time(request.headers.get("x-amz-date", ""), now_ms)
    _check_body(request)
    if not hmac.compare_digest(_sign(request, match, credentials), match["signature"]):
        raise _refusal(
            "SignatureDoesNotMatch",
            "the secret key is not REHEARSE_SECRET_KEY, or a proxy changed it",
        )


def _refusal(code: str, message: str) -> ApiError:
    return ApiError(code, f"The request is refused: {message}", status=403)


def _check_time(date: str, now_ms: int) -> None:
    if not _TIMESTAMP.fullmatch(date):
        raise _refusal("IncompleteSignature", f"x-amz-date is {date!r}, not YYYYMMDDTHHMMSSZ")
    if abs(_epoch_ms(date) - now_ms) > CLOCK_SKEW_MS:
        raise _refusal(
            "RequestTimeTooSkewed", f"{date} is more than 15 minutes from the plane's time"
        )


def _epoch_ms(date: str) -> int:
    try:
        at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise _refusal("IncompleteSignature", f"x-amz-date {date!r} is no time") from error
    return int(at.timestamp() * 1000)


def _check_body(request: SignedRequest) -> None:
    """A digest in the headers is what is signed: it must be the body's."""
    stated = request.headers.get("x-amz-content-sha256", "")
    if _DIGEST.fullmatch(stated) and hashlib.sha256(request.body).hexdigest() != stated:
        raise _refusal("XAmzContentSHA256Mismatch", "the body is not the one that was signed")


def _sign(request: SignedRequest, match: re.Match[str], credentials: Credentials) -> str:
    names = set(match["signed"].split(";"))
    if not {"host", "x-amz-date"} <= names:
        raise _refusal("IncompleteSignature", "Host and X-Amz-Date must be signed")
    headers = {name: ",".join(request.headers.getlist(name)) for name in names}
    again = AWSRequest(request.method, request.url, headers, request.body)
    again.context["timestamp"] = request.headers["x-amz-date"]
    pair = BotocoreCredentials(credentials.access_key, credentials.secret_key)
    kind = S3SigV4Auth if match["service"] == "s3" else SigV4Auth
    auth = kind(pair, match["service"], match["region"])
    text = auth.string_to_sign(again, auth.canonical_request(again))
    return str(auth.signature(text, again))
