"""Which availability zone a subnet is in.

A subnet that the fallback has is in the zone that it says, if the plane has that zone, too. Of
others the plane knows nothing: a list of them stands for the zones in their order, and starts over
when there are more subnets than zones: what `[for zone in zones : subnet[zone].id]` makes in
Terraform.
"""

from collections.abc import Sequence

from infra.local.store import Store


def subnet_zones(store: Store, subnets: Sequence[str]) -> dict[str, str]:
    """Map each subnet to a zone of the store; no subnets, no zones."""
    by_order = {subnet: store.zones[i % len(store.zones)] for i, subnet in enumerate(subnets)}
    known = {s: store.subnets[s].zone for s in subnets if s in store.subnets}
    return by_order | {subnet: zone for subnet, zone in known.items() if zone in store.zones}
