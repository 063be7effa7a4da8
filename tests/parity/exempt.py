"""What may differ between Terraform's facts and the plane's, each with its reason.

A test fails when one of these is needed no longer.
"""

from tests.parity.plain import Exemption

NO_NETWORK = "the plane has no networks: subnets are names there, and Terraform makes none for it"

EXEMPT = (
    Exemption(
        "task_definitions[*].containers[app].init",
        "in a container, a process 1 of Docker's would hide what the application makes of SIGTERM",
    ),
    Exemption(
        "task_definitions[*].containers[app].mounts",
        "a volume on the plane is its family's, not the task's; our services write none",
    ),
)
# Asked of a plane without a fallback, as in these tests.
NOT_ANSWERED = (
    Exemption("subnets", NO_NETWORK),
    Exemption("route_tables", NO_NETWORK),
    Exemption("nats", NO_NETWORK),
    Exemption("vpcs", NO_NETWORK),
    Exemption("endpoints", NO_NETWORK),
    Exemption("scalable_targets", "the plane scales nothing by itself"),
    Exemption("web_acls", "the plane has no WAF"),
    Exemption("integrations", "the plane has no API Gateway"),
)
