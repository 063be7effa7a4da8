"""Which zones and VPCs the fallback's subnets are in, read off its answers on their way through.

Without it the plane would take a list of subnets for its zones in their order, which a Terraform
root that has its subnets in a set does not keep.
"""

from xml.etree import ElementTree as Xml

from infra.local.store import Store, Subnet

ACTIONS = ("CreateSubnet", "DescribeSubnets")
SUBNETS_MAX = 2000


def remember_subnets(store: Store, answer: bytes) -> None:
    """Note the subnets of an answer of EC2's; they never move. What is no XML tells of none."""
    try:
        root = Xml.fromstring(answer)  # noqa: S314 - of the user's own endpoint, without entities
    except Xml.ParseError:
        return
    for element in root.iter():
        texts = {child.tag.rpartition("}")[2]: child.text or "" for child in element}
        identity, zone = texts.get("subnetId"), texts.get("availabilityZone")
        if identity and zone and len(store.subnets) < SUBNETS_MAX:
            store.subnets.setdefault(identity, Subnet(zone, texts.get("vpcId", "")))
