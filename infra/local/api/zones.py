"""Which availability zone a subnet is in.

The plane has no VPC. A list of subnets stands for the zones in their order, and starts over when
there are more subnets than zones: what `[for zone in zones : subnet[zone].id]` makes in Terraform.
"""

from collections.abc import Sequence

from infra.local.store import Store


def subnet_zones(store: Store, subnets: Sequence[str]) -> dict[str, str]:
    """Map each subnet to a zone of the store; no subnets, no zones."""
    return {subnet: store.zones[i % len(store.zones)] for i, subnet in enumerate(subnets)}
