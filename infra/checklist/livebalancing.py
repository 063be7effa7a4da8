"""Facts from ELB's, WAF's and API Gateway's answers."""

from collections.abc import Collection, Mapping
from typing import Any

from infra.checklist import shapes, tfbalancing
from infra.checklist.asking import Account
from infra.checklist.facts import (
    Attachment,
    Integration,
    Listener,
    ListenerRule,
    LoadBalancer,
    TargetGroup,
    WebAcl,
)
from infra.checklist.known import Maybe, Unknown, Values
from infra.checklist.liveecs import values_of
from infra.checklist.tfbalancing import HTTP_TIMEOUT_MS, REST_TIMEOUT_MS

APIS_MAX = 20


class Balancing:
    """The load balancers that send requests to the given target groups, and all that hangs on them.

    One of another load balancer (an ALB behind an NLB) counts, too.
    """

    def __init__(self, account: Account, used: Collection[str]) -> None:
        self._account = account
        self._groups = account.ask("elbv2", "describe_target_groups", "TargetGroups")
        self.attachments: Maybe = self._groups
        self.arns: set[str] = set()
        if not isinstance(self._groups, Unknown):
            self._follow(used)

    def _follow(self, used: Collection[str]) -> None:
        for one in self._groups:
            if one["TargetGroupArn"] in used:
                self.arns |= set(one.get("LoadBalancerArns", []))
        self.attachments = self._attached()
        if not isinstance(self.attachments, Unknown):
            behind = {one.target_group for one in self.attachments if one.target in self.arns}
            for one in self._groups:
                if one["TargetGroupArn"] in behind:
                    self.arns |= set(one.get("LoadBalancerArns", []))
        self._used = [
            one
            for one in self._groups
            if one["TargetGroupArn"] in used or self.arns & set(one.get("LoadBalancerArns", []))
        ]

    def _attached(self) -> Maybe:
        """The load balancers that are other load balancers' targets."""
        made: list[Attachment] = []
        for one in self._groups:
            if one.get("TargetType") == "alb":
                arn = one["TargetGroupArn"]
                found = self._account.ask(
                    "elbv2", "describe_target_health", "TargetHealthDescriptions",
                    TargetGroupArn=arn,
                )  # fmt: skip
                if isinstance(found, Unknown):
                    return found
                made += [Attachment(arn, arn, str(x["Target"]["Id"])) for x in found]
        return tuple(made)

    def target_groups(self) -> Maybe:
        if isinstance(self._groups, Unknown):
            return self._groups
        return tuple(self._group(one) for one in self._used)

    def _group(self, answer: dict[str, Any]) -> TargetGroup:
        arn = answer["TargetGroupArn"]
        more = self._attributes("target_group", shapes.TARGET_GROUP_ATTRIBUTES, TargetGroupArn=arn)
        return tfbalancing.target_group(
            Values(arn, shapes.target_group(answer) | more, exact=False)
        )

    def balancers(self) -> Maybe:
        if isinstance(self._groups, Unknown):
            return self._groups
        found = self._account.ask("elbv2", "describe_load_balancers", "LoadBalancers")
        if isinstance(found, Unknown):
            return found
        return tuple(self._balancer(x) for x in found if x["LoadBalancerArn"] in self.arns)

    def _balancer(self, answer: dict[str, Any]) -> LoadBalancer:
        arn = answer["LoadBalancerArn"]
        more = self._attributes("load_balancer", shapes.BALANCER_ATTRIBUTES, LoadBalancerArn=arn)
        logs = more.get("access_logs")
        if not isinstance(logs, Unknown):
            more["access_logs"] = {"enabled": logs}
        return tfbalancing.load_balancer(
            Values(arn, shapes.load_balancer(answer) | more, exact=False)
        )

    def _attributes(self, kind: str, names: Mapping[str, str], **given: str) -> shapes.Shape:
        """Attributes by Terraform's names; each is unknown where they may not be asked for."""
        operation = f"describe_{kind}_attributes"
        found = self._account.ask("elbv2", operation, "Attributes", **given)
        if isinstance(found, Unknown):
            return dict.fromkeys(names, found)
        values = {one["Key"]: one.get("Value") for one in found}
        return {ours: values.get(theirs) for ours, theirs in names.items()}

    def listeners(self) -> Maybe:
        if isinstance(self._groups, Unknown):
            return self._groups
        made: list[Listener] = []
        for arn in sorted(self.arns):
            found = self._account.ask(
                "elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn
            )
            if isinstance(found, Unknown):
                return found
            made += [
                tfbalancing.listener(values_of(one, "ListenerArn", shapes.listener(one)))
                for one in found
            ]
        return tuple(made)

    def rules(self, listeners: Maybe) -> Maybe:
        if isinstance(listeners, Unknown):
            return listeners
        made: list[ListenerRule] = []
        for listener in listeners:
            arn = listener.arn
            found = self._account.ask("elbv2", "describe_rules", "Rules", ListenerArn=arn)
            if isinstance(found, Unknown):
                return found
            made += [
                tfbalancing.listener_rule(values_of(one, "RuleArn", shapes.listener_rule(one, arn)))
                for one in found
                if not one.get("IsDefault")
            ]
        return tuple(made)

    def web_acls(self, balancers: Maybe) -> Maybe:
        """Of public application load balancers; each is asked for on its own."""
        if isinstance(balancers, Unknown):
            return balancers
        made = []
        for one in balancers:
            if one.type == "application" and not one.internal:
                found = self._account.one("wafv2", "get_web_acl_for_resource", ResourceArn=one.arn)
                if isinstance(found, Unknown):
                    return found
                if found.get("WebACL"):
                    made.append(WebAcl(str(found["WebACL"].get("ARN", "?")), one.arn))
        return tuple(made)


def integrations(account: Account) -> Maybe:
    """API Gateway's integrations through VPC links, of the first APIs of each kind."""
    rest = _rest(account)
    http = _http(account)
    unknown = [one for one in (rest, http) if isinstance(one, Unknown)]
    return unknown[0] if unknown else (*rest, *http)


def _rest(account: Account) -> Maybe:
    links = account.ask("apigateway", "get_vpc_links", "items")
    if isinstance(links, Unknown) or not links:
        return links
    apis = account.ask("apigateway", "get_rest_apis", "items")
    if isinstance(apis, Unknown):
        return apis
    made = []
    for api in apis[:APIS_MAX]:
        given = {"restApiId": api["id"], "embed": ["methods"]}
        resources = account.ask("apigateway", "get_resources", "items", **given)
        if isinstance(resources, Unknown):
            return resources
        made += [
            Integration(f"{api['id']}{one.get('path')}", _timeout(found, REST_TIMEOUT_MS))
            for one in resources
            for method in one.get("resourceMethods", {}).values()
            if (found := method.get("methodIntegration", {})).get("connectionType") == "VPC_LINK"
        ]
    return made


def _http(account: Account) -> Maybe:
    links = account.ask("apigatewayv2", "get_vpc_links", "Items")
    if isinstance(links, Unknown) or not links:
        return links
    apis = account.ask("apigatewayv2", "get_apis", "Items")
    if isinstance(apis, Unknown):
        return apis
    made = []
    for api in apis[:APIS_MAX]:
        found = account.ask("apigatewayv2", "get_integrations", "Items", ApiId=api["ApiId"])
        if isinstance(found, Unknown):
            return found
        made += [
            Integration(str(one.get("IntegrationId")), _timeout(one, HTTP_TIMEOUT_MS))
            for one in found
            if one.get("ConnectionType") == "VPC_LINK"
        ]
    return made


def _timeout(found: dict[str, Any], default: int) -> int:
    return int(found.get("timeoutInMillis") or found.get("TimeoutInMillis") or default)
