"""Who calls the two services: one arrival is one request of the mix."""

import os
import resource
from collections import deque

from locust.env import Environment
from locust.exception import CatchResponseError

from loadtest.arrivals import Arrival, ArrivalRateUser
from loadtest.client import Answer, Client
from loadtest.clock import now_ms
from loadtest.ending import fail_load
from loadtest.failure import Failure, error_class, write_outcome
from loadtest.hook import Hook
from loadtest.mixes import MIXES, Call, Kind, Mix, Write
from loadtest.recorder import RequestRow, WriteRow
from loadtest.replies import find_order_id
from loadtest.settings import REQUEST_LIMIT_S, read_settings
from loadtest.setup import SetupError, find_stock, place_order

_ORDERS_KEPT = 1000  # acknowledged orders that reads choose from
_SPARE_FILES = 64

write_known: Hook[WriteRow] = Hook()  # every POST that was sent


class MixUser(ArrivalRateUser):
    """Sends what the mix says, classifies every answer, tells Locust and the recorder.

    Listeners of Locust's request event find a RequestRow in `context["row"]`.
    """

    def __init__(self, environment: Environment) -> None:
        self._settings = settings = read_settings(environment.parsed_options, environment.host)
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.shape = settings.shape
        self.drain_s = settings.drain_s
        self.inflight_limit = max(1, min(settings.inflight_limit, files - _SPARE_FILES))
        super().__init__(environment)
        self._orders: deque[str] = deque(maxlen=_ORDERS_KEPT)
        timeout_s = REQUEST_LIMIT_S + settings.longest_real_s
        self._client = Client(
            settings.host, self.inflight_limit, timeout_s, settings.ca, settings.headers
        )

    def prepare(self) -> bool:
        """Learn the SKUs and place the first order, so that reads have something to read."""
        if self._settings.path:
            self._mix = Mix({Kind.OWN_PATH: 1}, self._settings.seed, ("",), 0, self._settings.path)
            return True
        try:
            skus = find_stock(self._client, self.running)
            write = place_order(self._client, skus[0], self.running)
        except SetupError as error:
            fail_load(self.environment, str(error))
            return False
        self._mix = Mix(
            weights=MIXES[self._settings.mix],
            seed=self._settings.seed,
            skus=skus,
            longest_ms=self._settings.longest_real_s * 1000,
        )
        self._know(write)
        return True

    def on_stop(self) -> None:
        super().on_stop()
        self._client.close()

    def arrive(self, arrival: Arrival) -> None:
        call = self._mix.call(arrival.number, self._orders)
        request_id, key = _make_id(), ""
        headers = {"x-request-id": request_id}
        if call.write is not None:
            key = _make_id()
            headers |= {"content-type": "application/json", "idempotency-key": key}
        deadline_s = REQUEST_LIMIT_S + (call.length_ms or 0) / 1000
        sent_ms: float | None = now_ms()
        answer = self._client.send(call.method, call.path, headers, call.body, deadline_s)
        if answer.failure is Failure.DROPPED:
            sent_ms = None
        row = _row(call, arrival, request_id, sent_ms, answer)
        if call.write is not None and sent_ms is not None:
            self._know(_write(key, call.write, answer, row.error))
        self._report(row, len(answer.body))

    def drop(self, arrival: Arrival) -> None:
        call = self._mix.call(arrival.number, self._orders)
        self._report(_row(call, arrival, _make_id(), None, Answer(Failure.DROPPED)), 0)

    def _know(self, write: WriteRow) -> None:
        """Tell the recorder of a write; an acknowledged order is one to read from now on."""
        if write.order_id is not None:
            self._orders.append(write.order_id)
        write_known.fire(write)

    def _report(self, row: RequestRow, length: int) -> None:
        """Tell Locust, whose statistics then show the latency from the scheduled time too."""
        self.environment.events.request.fire(
            request_type=row.method,
            name=row.name.removeprefix(f"{row.method} "),
            response_time=row.latency_ms,
            response_length=length,
            exception=None if row.error is None else CatchResponseError(row.error),
            start_time=row.scheduled_ms / 1000,
            context={"row": row},
        )


def _make_id() -> str:
    """Unique, as a UUID is, for a third of its time."""
    return os.urandom(16).hex()


def _row(
    call: Call, arrival: Arrival, request_id: str, sent_ms: float | None, answer: Answer
) -> RequestRow:
    ended_ms = now_ms()
    return RequestRow(
        scheduled_ms=arrival.scheduled_ms,
        sent_ms=sent_ms,
        latency_ms=ended_ms - arrival.scheduled_ms,
        service_ms=None if sent_ms is None else ended_ms - sent_ms,
        method=call.method,
        name=call.kind.value,
        status=answer.status,
        task=answer.task,
        error=error_class(answer.failure, answer.status, answer.task, call.expected),
        request_id=request_id,
        length_ms=call.length_ms,
    )


def _write(key: str, write: Write, answer: Answer, error: str | None) -> WriteRow:
    order = find_order_id(answer.body) if error is None else None
    outcome = write_outcome(error).value
    return WriteRow(key, order, write.sku, write.quantity, write.customer, outcome, now_ms())
