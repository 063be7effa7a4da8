"""ECS's errors in ECS's own words.

ApiError
├── parameter_error()      InvalidParameterException: a value that ECS does not take
├── client_error()         ClientException: an action that cannot be done as asked
├── unsupported_error()    UnsupportedFeatureException: exists on AWS, not built here
└── *_not_found(), ...     one per kind of thing
"""

from infra.local.api.errors import ApiError


def parameter_error(message: str) -> ApiError:
    return ApiError("InvalidParameterException", message)


def client_error(message: str) -> ApiError:
    return ApiError("ClientException", message)


def unsupported_error(what: str, instead: str) -> ApiError:
    """Something of ECS that this plane refuses; `instead` says what to do."""
    message = f"{what} is not built in the local Fargate yet: {instead}"
    return ApiError("UnsupportedFeatureException", message)


def cluster_not_found() -> ApiError:
    return ApiError("ClusterNotFoundException", "Cluster not found.")


def cluster_inactive() -> ApiError:
    return ApiError("ClusterNotFoundException", "The referenced cluster was inactive.")


def service_not_found() -> ApiError:
    return ApiError("ServiceNotFoundException", "Service not found.")


def service_not_active() -> ApiError:
    return ApiError("ServiceNotActiveException", "Service was not ACTIVE.")


def namespace_not_found(namespace: str) -> ApiError:
    message = f"Namespace {namespace} was not found: create it with servicediscovery first"
    return ApiError("NamespaceNotFoundException", message)


def service_deployment_not_found() -> ApiError:
    return ApiError("ServiceDeploymentNotFoundException", "Service deployment not found.")


def conflict(message: str) -> ApiError:
    return ApiError("ConflictException", message)
