"""What can go wrong between a caller and the API.

Exception
├── ApiError                 the caller is wrong: answered with an AWS code and message
│   ├── InvalidRequestError  not a request that the service's model knows
│   └── UnavailableError     the world failed: what should answer is not there
└── ResponseShapeError       we are wrong: our own answer does not fit the service's model
"""

from collections.abc import Mapping
from types import MappingProxyType


class ApiError(Exception):
    """An error as AWS returns it: `code` is the wire's own (`TargetGroupNotFound`).

    `details` are the further members that the error has in the service's model; JSON only.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        details: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.details = details
        self.code = code
        self.message = message
        self.status = status


class InvalidRequestError(ApiError):
    """The request cannot be read: an unknown operation, a body that is not what it should be."""


class UnavailableError(ApiError):
    """Nobody here can answer. The status is 501, which AWS clients do not retry."""

    def __init__(self, message: str) -> None:
        super().__init__("ServiceNotAvailable", message, status=501)


class ResponseShapeError(Exception):
    """Our answer does not fit the operation's output shape. Always a defect of the plane."""
