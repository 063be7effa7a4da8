"""Cloud Map's errors. AWS does not publish their texts: but for one, the sentences are ours.

ApiError
├── invalid()            InvalidInput: a value that Cloud Map does not take
├── in_use()             ResourceInUse: a thing that holds another
└── *_not_found()        NamespaceNotFound, ServiceNotFound, InstanceNotFound
"""

from infra.local.api.errors import ApiError


def invalid(message: str) -> ApiError:
    return ApiError("InvalidInput", message)


def in_use(message: str) -> ApiError:
    return ApiError("ResourceInUse", message)


def namespace_not_found(reference: str) -> ApiError:
    return ApiError("NamespaceNotFound", f"Namespace {reference} was not found")


def service_not_found(reference: str) -> ApiError:
    return ApiError("ServiceNotFound", f"Service {reference} was not found")


def instance_not_found(reference: str) -> ApiError:
    return ApiError("InstanceNotFound", f"Instance {reference} was not found")
