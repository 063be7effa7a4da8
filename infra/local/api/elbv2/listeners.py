"""Listeners and their attributes."""

from infra.local.api.context import Context
from infra.local.api.elbv2 import attributes, errors
from infra.local.api.elbv2.actions import read_actions
from infra.local.api.elbv2.documents import default_rule, describe_listener
from infra.local.api.elbv2.lookup import PAGE_SIZE, find_balancer, find_listener
from infra.local.api.elbv2.naming import new_listener_arn, new_rule_arn
from infra.local.api.elbv2.routing import check_rule
from infra.local.api.elbv2.security import set_security
from infra.local.api.elbv2.usage import groups_of_rules
from infra.local.api.errors import ApiError
from infra.local.api.pagination import page, with_token
from infra.local.api.tags import read_tags
from infra.local.store import Document, Listener, LoadBalancer, Rule

LISTENERS_MAX = 50


class Listeners:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    async def create_listener(self, params: Document) -> Document:
        """Make a listener with its default rule. One with the same settings is returned."""
        balancer = find_balancer(self._store, params["LoadBalancerArn"])
        for name, what in (("Port", "port"), ("Protocol", "protocol")):
            if name not in params:
                raise errors.validation_error(f"A listener {what} must be specified")
        actions = read_actions(self._store, params["DefaultActions"], params["Protocol"])
        check_rule(self._store, balancer.arn, (), actions)
        listener = Listener(
            arn=new_listener_arn(balancer),
            load_balancer=balancer.arn,
            port=params["Port"],
            protocol=params["Protocol"],
            rules=[],
            attributes=attributes.defaults(attributes.LISTENER),
            tags=read_tags(params.get("Tags"), "TooManyTags"),
        )
        set_security(listener, params)
        listener.rules.append(Rule(new_rule_arn(listener), None, [], actions))
        for existing in self._store.listeners_of(balancer):
            if _settings(existing) == _settings(listener):
                return {"Listeners": [describe_listener(existing)]}
        self._check_place(balancer, listener.port, None)
        self._store.listeners[listener.arn] = listener
        self._changed(listener, set())
        return {"Listeners": [describe_listener(listener)]}

    async def modify_listener(self, params: Document) -> Document:
        listener = find_listener(self._store, params["ListenerArn"])
        balancer = find_balancer(self._store, listener.load_balancer)
        before = groups_of_rules(listener.rules)
        protocol = params.get("Protocol", listener.protocol)
        actions = default_rule(listener).actions
        if params.get("DefaultActions"):
            actions = read_actions(self._store, params["DefaultActions"], protocol)
            check_rule(self._store, balancer.arn, (), actions)
        self._check_place(balancer, params.get("Port", listener.port), listener)
        set_security(listener, {**params, "Protocol": protocol})
        listener.port = params.get("Port", listener.port)
        default_rule(listener).actions = actions
        self._changed(listener, before)
        return {"Listeners": [describe_listener(listener)]}

    async def describe_listeners(self, params: Document) -> Document:
        if "LoadBalancerArn" in params:
            balancer = find_balancer(self._store, params["LoadBalancerArn"])
            listeners = list(self._store.listeners_of(balancer))
        elif params.get("ListenerArns"):
            listeners = [find_listener(self._store, arn) for arn in set(params["ListenerArns"])]
        else:
            message = "You must specify either listener ARNs or a load balancer ARN"
            raise errors.validation_error(message)
        found, marker = page(
            listeners,
            lambda x: (x.arn,),
            params.get("PageSize", PAGE_SIZE),
            params.get("Marker"),
            error_code="ValidationError",
        )
        return with_token(
            {"Listeners": [describe_listener(x) for x in found]}, "NextMarker", marker
        )

    async def delete_listener(self, params: Document) -> Document:
        listener = find_listener(self._store, params["ListenerArn"])
        del self._store.listeners[listener.arn]
        self._changed(listener, set())
        return {}

    async def describe_listener_attributes(self, params: Document) -> Document:
        return attributes.describe(find_listener(self._store, params["ListenerArn"]).attributes)

    async def modify_listener_attributes(self, params: Document) -> Document:
        listener = find_listener(self._store, params["ListenerArn"])
        listener.attributes = attributes.merge(
            attributes.LISTENER, listener.attributes, params["Attributes"], "Listener"
        )
        self._changed(listener, set())
        return attributes.describe(listener.attributes)

    def _check_place(self, balancer: LoadBalancer, port: int, itself: Listener | None) -> None:
        others = [x for x in self._store.listeners_of(balancer) if x is not itself]
        if any(other.port == port for other in others):
            message = "A listener already exists on this port for this load balancer"
            raise ApiError("DuplicateListener", f"{message} '{balancer.arn}'")
        if len(others) >= LISTENERS_MAX:
            message = f"The maximum number of listeners of a load balancer is {LISTENERS_MAX}"
            raise ApiError("TooManyListeners", message)

    def _changed(self, listener: Listener, before: set[str]) -> None:
        self._context.signals.balancer_changed(listener.load_balancer)
        for arn in sorted(before | groups_of_rules(listener.rules)):
            self._context.signals.group_changed(arn)


def _settings(listener: Listener) -> tuple[object, ...]:
    """What makes a listener that is asked for again the same one."""
    return (
        listener.port,
        listener.protocol,
        listener.certificates[:1],
        listener.ssl_policy,
        default_rule(listener).actions,
    )
