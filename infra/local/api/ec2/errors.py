"""EC2's errors in EC2's own words.

ApiError
├── invalid()         InvalidParameterValue: a value that EC2 does not take
├── missing()         MissingParameter
├── *_not_found()     InvalidGroup.NotFound, InvalidSecurityGroupRuleId.NotFound
└── dry_run()         DryRunOperation: it would have been done
"""

from infra.local.api.errors import ApiError


def invalid(message: str) -> ApiError:
    return ApiError("InvalidParameterValue", message)


def missing(name: str) -> ApiError:
    return ApiError("MissingParameter", f"The request must contain the parameter {name}")


def group_not_found(name: str) -> ApiError:
    return ApiError("InvalidGroup.NotFound", f"The security group '{name}' does not exist")


def rule_not_found(rule_id: str) -> ApiError:
    message = f"The security group rule ID '{rule_id}' does not exist"
    return ApiError("InvalidSecurityGroupRuleId.NotFound", message)


def dry_run() -> ApiError:
    message = "Request would have succeeded, but DryRun flag is set."
    return ApiError("DryRunOperation", message, status=412)
