"""The plane's HTTP endpoint: from a request to the handler of its operation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send

from infra.local.api.answers import error_response, write_error
from infra.local.api.cloudmap.discovery import Discovery
from infra.local.api.cloudmap.instances import Instances
from infra.local.api.cloudmap.namespaces import Namespaces
from infra.local.api.cloudmap.operations import Operations
from infra.local.api.cloudmap.services import CloudServices
from infra.local.api.cloudmap.tagging import Tagging as CloudMapTagging
from infra.local.api.context import Context, Handler, handlers_of
from infra.local.api.ec2.groups import SecurityGroups
from infra.local.api.ec2.rules import SecurityGroupRules
from infra.local.api.ec2.tagging import OPERATIONS as TAG_OPERATIONS
from infra.local.api.ec2.tagging import Tagging as Ec2Tagging
from infra.local.api.ec2.tagging import is_ours
from infra.local.api.ecs.account import AccountSettings
from infra.local.api.ecs.clusters import Clusters
from infra.local.api.ecs.definitions import TaskDefinitions
from infra.local.api.ecs.providers import CapacityProviders
from infra.local.api.ecs.releases import ServiceDeployments
from infra.local.api.ecs.services import Services
from infra.local.api.ecs.tagging import Tagging as EcsTagging
from infra.local.api.ecs.tasks import Tasks
from infra.local.api.elbv2.balancers import Balancers
from infra.local.api.elbv2.certificates import Certificates
from infra.local.api.elbv2.groups import TargetGroups
from infra.local.api.elbv2.limits import AccountLimits
from infra.local.api.elbv2.listeners import Listeners
from infra.local.api.elbv2.rules import Rules
from infra.local.api.elbv2.security import Policies
from infra.local.api.elbv2.tagging import Tagging as ElbTagging
from infra.local.api.elbv2.targets import Targets
from infra.local.api.errors import ApiError, InvalidRequestError, UnavailableError
from infra.local.api.fallback import Fallback
from infra.local.api.guard import Guard, GuardMiddleware
from infra.local.api.identifiers import unique_id
from infra.local.api.logs import Logs, LogSource
from infra.local.api.metadata import metadata_routes
from infra.local.api.models import service_model
from infra.local.api.protocol import (
    QUERY,
    check_params,
    check_result,
    find_operation,
    invalid_action,
    protocol_of,
)
from infra.local.api.proxy import Forwarded, forward
from infra.local.api.querybody import read_form
from infra.local.api.signature import signed_service
from infra.local.api.sts import Sts
from infra.local.api.subnets import ACTIONS as SUBNET_ACTIONS
from infra.local.api.subnets import remember_subnets
from infra.local.clock import Clock
from infra.local.store import Signals, Store

JSON_SERVICES: Final = ("ecs", "servicediscovery", "logs")
ELB_SCOPE: Final = "elasticloadbalancing"
ELB_VERSION: Final = "2015-12-01"
EC2_VERSION: Final = "2016-11-15"
OWN_SCOPES: Final = (*JSON_SERVICES, ELB_SCOPE)
READS: Final = ("Describe", "List", "Get", "Discover", "Filter")
FORM: Final = "application/x-www-form-urlencoded"


def build_app(
    store: Store,
    clock: Clock,
    signals: Signals,
    *,
    logs: LogSource,
    fallback: Fallback | None,
    guard: Guard,
    extra_routes: Sequence[BaseRoute] = (),
    check_output: bool = False,
    commit: Callable[[], None] = lambda: None,
) -> Starlette:
    """The endpoint. `extra_routes` come first; what nobody here takes is the fallback's.

    `check_output` holds every answer of ours against the service's model; a misfit is a 500.
    `commit` is called before the answer of every operation that may have changed the store.
    """
    context = Context(store, clock, signals)
    handlers = _handlers(context, logs)
    api = Api(store, handlers, fallback, check_output=check_output, commit=commit)
    return Starlette(
        routes=[*extra_routes, *metadata_routes(store), Mount("/", app=api)],
        middleware=[Middleware(GuardMiddleware, guard=guard, clock=clock)],
        exception_handlers={ApiError: _api_error, Exception: _internal_failure},
    )


def _handlers(context: Context, logs: LogSource) -> dict[str, dict[str, Handler]]:
    parts: dict[str, list[object]] = {
        "ecs": [
            Clusters(context),
            TaskDefinitions(context),
            Services(context),
            ServiceDeployments(context),
            Tasks(context),
            EcsTagging(context),
            CapacityProviders(context),
            AccountSettings(context),
        ],
        "elbv2": [
            Balancers(context),
            TargetGroups(context),
            Listeners(context),
            Certificates(context),
            Policies(context),
            Rules(context),
            Targets(context),
            ElbTagging(context),
            AccountLimits(context),
        ],
        "ec2": [SecurityGroups(context), SecurityGroupRules(context), Ec2Tagging(context)],
        "servicediscovery": _cloud_map(context),
        "logs": [Logs(context, logs)],
        "sts": [Sts(context)],
    }
    return {service: handlers_of(service, handlers) for service, handlers in parts.items()}


def _cloud_map(context: Context) -> list[object]:
    operations = Operations(context)
    return [
        operations,
        Namespaces(context, operations),
        CloudServices(context, operations),
        Instances(context, operations),
        Discovery(context),
        CloudMapTagging(context),
    ]


class Api:
    """An ASGI application: our own services, and the fallback for everything else."""

    def __init__(
        self,
        store: Store,
        handlers: dict[str, dict[str, Handler]],
        fallback: Fallback | None,
        *,
        check_output: bool,
        commit: Callable[[], None],
    ) -> None:
        self._store = store
        self._handlers = handlers
        self._fallback = fallback
        self._check_output = check_output
        self._commit = commit
        self._targets = {service_model(s).metadata["targetPrefix"]: s for s in JSON_SERVICES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        call = self._own_call(request, body)
        if call is not None:
            return await self._call(*call, body)
        return await self._forward(request, body)

    def _own_call(self, request: Request, body: bytes) -> tuple[str, str] | None:
        """Service and operation, if it is one of ours. Only POST: no link, no image can call."""
        scope = signed_service(request.headers)
        if request.method != "POST" or request.url.path != "/":
            if scope in JSON_SERVICES:  # rpc-v2-cbor, which newer SDKs may speak
                message = f"{scope} is spoken here as JSON 1.1 by POST /, not {request.url.path}"
                raise InvalidRequestError("UnknownOperationException", message)
            return None
        target = request.headers.get("x-amz-target")
        if target is not None:
            prefix, _, name = target.rpartition(".")
            if prefix in self._targets:
                return self._targets[prefix], name
        elif request.headers.get("content-type", "").startswith(FORM):
            found = self._query_call(scope, body)
            if found is not None:
                return found
        if scope in OWN_SCOPES and not (scope == ELB_SCOPE and target is None):
            message = f"X-Amz-Target is {target!r}: no operation of {scope}"
            raise InvalidRequestError("UnknownOperationException", message)
        return None

    def _query_call(self, scope: str | None, body: bytes) -> tuple[str, str] | None:
        """Classic ELB has the same scope and another version, and is not ours."""
        fields = read_form(body)
        action = fields.get("Action", "")
        if scope in (None, ELB_SCOPE) and fields.get("Version") == ELB_VERSION:
            return "elbv2", action
        if scope in (None, "ec2") and self._is_ec2(action, fields):
            return "ec2", action
        if action == "GetCallerIdentity" and scope in (None, "sts"):
            return "sts", action
        return None

    def _is_ec2(self, action: str, fields: Mapping[str, str]) -> bool:
        """Only security groups are ours, and the tags of these."""
        if fields.get("Version") != EC2_VERSION or action not in self._handlers["ec2"]:
            return False
        return action not in TAG_OPERATIONS or is_ours(self._store, fields)

    async def _call(self, service: str, name: str, body: bytes) -> Response:
        protocol, request_id = protocol_of(service_model(service)), unique_id()
        try:
            operation = find_operation(service, name)
            handler = self._handlers[service].get(name)
            if handler is None:
                raise _not_built(service, name)
            params = protocol.parse(body, operation)
            check_params(params, operation)
            result = await handler(params)
            if not name.startswith(READS):
                self._commit()
        except ApiError as error:
            return write_error(error, protocol, request_id)
        if self._check_output:
            check_result(result, operation)
        return Response(
            protocol.serialise(result, operation, request_id),
            headers={"x-amzn-requestid": request_id},
            media_type=protocol.content_type,
        )

    async def _forward(self, request: Request, body: bytes) -> Response:
        service = signed_service(request.headers) or ""
        if self._fallback is None:
            raise UnavailableError(f"{service or 'this service'} is not answered here: no fallback")
        query = request.scope["query_string"].decode("latin-1")
        raw_path = request.scope.get("raw_path") or request.url.path.encode()
        headers = tuple(request.headers.items())
        target = raw_path.decode("latin-1") + (f"?{query}" if query else "")
        address = await self._fallback.address(service)
        response = await forward(Forwarded(request.method, target, headers, body), address)
        if service == "ec2" and read_form(body).get("Action") in SUBNET_ACTIONS:
            return await self._noting_subnets(response)
        return response

    async def _noting_subnets(self, response: StreamingResponse) -> Response:
        """The same answer, read by us, too."""
        answer = b"".join([bytes(chunk) async for chunk in response.body_iterator])  # type: ignore[arg-type]  # `forward` streams bytes
        remember_subnets(self._store, answer)
        whole = Response(answer, response.status_code)
        length = (b"content-length", str(len(answer)).encode())
        whole.raw_headers = [*(h for h in response.raw_headers if h[0] != length[0]), length]
        return whole


def _not_built(service: str, name: str) -> ApiError:
    if protocol_of(service_model(service)) is QUERY:
        return invalid_action(name)
    message = f"{name} of {service} is not built in the local Fargate yet"
    return ApiError("UnsupportedFeatureException", message)


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_response(error, request.headers)


async def _internal_failure(request: Request, error: Exception) -> Response:
    """A defect of ours. Starlette raises it again for the log, and uvicorn then hangs up."""
    message = f"The plane failed: {type(error).__name__}: {error}"
    failure = ApiError("InternalFailure", message, status=500)
    response = error_response(failure, request.headers)
    response.headers["connection"] = "close"
    return response
