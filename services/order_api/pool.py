"""Blocking store calls on a bounded number of threads, with a bounded queue before them."""

import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import anyio
from anyio.to_thread import run_sync
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from services.order_api.database import say_cause
from services.order_api.errors import UnavailableError

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)

LONGEST_QUEUE = 1000
# the database's own failures, as against a statement that is wrong (500)
FAILURES = (OperationalError, InterfaceError, InternalError, PoolTimeoutError)


class Pool:
    """At most `threads` calls at a time and LONGEST_QUEUE waiting; more are refused at once.

    Without threads the calls run on the event loop itself.
    """

    def __init__(self, threads: int) -> None:
        self._limiter = anyio.CapacityLimiter(threads) if threads else None
        self._calls = 0

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The call's result. UnavailableError: the database failed, or too many are waiting."""
        if self._calls >= LONGEST_QUEUE:
            raise UnavailableError("too many requests are waiting; try again later")
        self._calls += 1
        try:
            if self._limiter is None:
                return call(*args, **kwargs)
            return await run_sync(lambda: call(*args, **kwargs), limiter=self._limiter)
        except FAILURES as error:
            log.warning("the database failed: %s", say_cause(error))  # not the caller's to read
            raise UnavailableError("the database does not answer; try again") from error
        finally:
            self._calls -= 1
