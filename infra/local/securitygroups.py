"""The records of EC2's security groups; what their rules mean is `infra.network`'s business."""

from dataclasses import dataclass, field

from infra.network import model

# The VPC that the settings' own things are in. The plane knows no VPC of its own.
DEFAULT_VPC = "vpc-0a1b2c3d4e5f60718"
DEFAULT_NAME = "default"  # the group that every VPC has and that cannot be deleted


@dataclass(frozen=True, slots=True)
class GroupRule:
    """A rule with the id by which EC2 knows it (`sgr-...`). `allows` is what it lets through."""

    id: str
    egress: bool
    allows: model.Rule
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class SecurityGroup:
    """A security group; its rules by their ids, in the order in which they were made."""

    id: str
    name: str
    vpc: str
    description: str
    rules: dict[str, GroupRule] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def frozen(self) -> model.SecurityGroup:
        """The group as `infra.network` takes it."""
        rules = self.rules.values()
        return model.SecurityGroup(
            self.id,
            ingress=tuple(r.allows for r in rules if not r.egress),
            egress=tuple(r.allows for r in rules if r.egress),
        )
