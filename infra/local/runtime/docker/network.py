"""A task's network inside: which addresses and ports its containers use. Pure.

The application has the port of its portMappings on all addresses, so the proxy cannot listen
there; as on ECS, iptables brings it the connections (R6.4).
"""

from infra.local.runtime.docker.labels import Ports
from infra.local.runtime.protocol import Network

LOCALHOST = "127.0.0.1"
ALIASES = "127.255.0.{}"  # R6.4
INGRESS_PORT = 15000  # the first of the proxy's own ports
EGRESS_PORT = 15100


def plan(address: str, ports: Ports) -> Network:
    """The network of a task with this address."""
    names = list(dict.fromkeys(name for name, _ in ports.egress))
    aliases = {name: ALIASES.format(number) for number, name in enumerate(names, start=1)}
    redirects = {(address, port): INGRESS_PORT + n for n, port in enumerate(ports.ingress)}
    for n, (name, port) in enumerate(ports.egress):
        redirects[aliases[name], port] = EGRESS_PORT + n
    return Network(address, LOCALHOST, aliases, redirects)
