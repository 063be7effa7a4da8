"""ELB's errors in ELB's own words: the wire's short codes, not botocore's exception names.

ApiError
├── validation_error()      ValidationError: a value that ELB does not take
├── action_error()          InvalidLoadBalancerAction: an action that ELB does not take
├── configuration_error()   InvalidConfigurationRequest: values that do not go together
├── unsupported_error()     ValidationError: exists on AWS, not built here
└── *_not_found()           LoadBalancerNotFound, TargetGroupNotFound, ...
"""

from infra.local.api.errors import ApiError


def validation_error(message: str) -> ApiError:
    return ApiError("ValidationError", message)


def action_error(message: str) -> ApiError:
    return ApiError("InvalidLoadBalancerAction", message)


def configuration_error(message: str) -> ApiError:
    return ApiError("InvalidConfigurationRequest", message)


def unsupported_error(what: str, instead: str) -> ApiError:
    """Something of ELB that this plane refuses; `instead` says what to do."""
    return validation_error(f"{what} is not built in the local Fargate yet: {instead}")


def balancer_not_found() -> ApiError:
    return ApiError("LoadBalancerNotFound", "One or more load balancers not found")


def balancers_not_found(names: list[str]) -> ApiError:
    return ApiError("LoadBalancerNotFound", f"Load balancers '[{', '.join(names)}]' not found")


def group_not_found() -> ApiError:
    return ApiError("TargetGroupNotFound", "One or more target groups not found")


def listener_not_found() -> ApiError:
    return ApiError("ListenerNotFound", "One or more listeners not found")


def rule_not_found() -> ApiError:
    return ApiError("RuleNotFound", "One or more rules not found")
