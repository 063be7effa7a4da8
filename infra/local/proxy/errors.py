"""What can go wrong with Envoy.

EnvoyError
|- EnvoyMissingError   there is no Envoy for this machine
|- EnvoyStartError     it does not start, does not become ready, or dies again and again
|- EnvoyRejectedError  it refuses a configuration; the message holds its own words
"""


class EnvoyError(Exception):
    """The load balancer's Envoy is not as it should be; the message says what to do."""


class EnvoyMissingError(EnvoyError):
    pass


class EnvoyStartError(EnvoyError):
    pass


class EnvoyRejectedError(EnvoyError):
    pass
