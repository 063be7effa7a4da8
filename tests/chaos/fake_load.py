"""A load in 100 lines that keeps the contract: lifeline, `load: started`, requests.sqlite.

Run as a script: `fake_load.py [--mode MODE] --host URL --rate N --record FILE ...`.
"""

import argparse
import http.client
import os
import signal
import sqlite3
import sys
import threading
import time
from urllib.parse import urlsplit

SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT UNIQUE);
CREATE TABLE request(scheduled_ms REAL, sent_ms REAL, latency_ms REAL, service_ms REAL,
  method INT, name INT, status INT, task INT, error INT, request_id TEXT, length_ms REAL);
CREATE TABLE write(key TEXT PRIMARY KEY, order_id TEXT, sku TEXT, quantity INT, customer TEXT,
  outcome TEXT, at_ms REAL);
"""

OF_LOADS = ("--scenario", "--mix", "--processes")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", default="good")
    for name in ("--host", "--record", "--time-scale", "--longest", "--seed", *OF_LOADS):
        parser.add_argument(name)
    for name in ("--rate", "--duration"):
        parser.add_argument(name, type=float)
    options = parser.parse_args()
    if options.mode == "refuses":
        sys.stderr.write("loadtest: the self-test failed\n")
        return 2
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    threading.Thread(target=follow_parent, daemon=True).start()
    return offer(options, stopping)


def follow_parent() -> None:
    sys.stdin.read()
    os._exit(3)


def offer(options: argparse.Namespace, stopping: threading.Event) -> int:
    database = sqlite3.connect(options.record, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.executescript(SCHEMA)
    notes = {"self_test": "passed", "rate": str(options.rate), "generators": "1"}
    for key, value in notes.items():
        database.execute("INSERT INTO meta VALUES (?, ?)", (key, value))
    database.execute("INSERT INTO name VALUES (1, 'GET'), (2, 'GET /orders')")
    connection = http.client.HTTPConnection(urlsplit(options.host).netloc, timeout=5)
    sys.stdout.write("load: started\n")
    sys.stdout.flush()
    start = time.time()
    number = 0
    while not stopping.is_set() and time.time() - start < options.duration:
        scheduled = start + number / options.rate
        time.sleep(max(0.0, scheduled - time.time()))
        send(options, database, connection, scheduled, number)
        number += 1
        if options.mode == "dies" and number == 40:
            os.kill(os.getpid(), signal.SIGKILL)
    end = (str(time.time() * 1000),)
    database.execute("INSERT INTO meta VALUES ('ended_ms', ?), ('generator 0', 'ended')", end)
    database.close()
    return 0


def send(
    options: argparse.Namespace,
    database: sqlite3.Connection,
    connection: http.client.HTTPConnection,
    scheduled: float,
    number: int,
) -> None:
    sent = time.time()
    connection.request("GET", "/orders?limit=1")
    answer = connection.getresponse()
    answer.read()
    task = answer.getheader("x-task-id")
    done = time.time()
    database.execute("INSERT OR IGNORE INTO name(text) VALUES (?), ('app-500')", (task,))
    (task_name,) = database.execute("SELECT id FROM name WHERE text = ?", (task,)).fetchone()
    (bad,) = database.execute("SELECT id FROM name WHERE text = 'app-500'").fetchone()
    row = (
        scheduled * 1000,
        sent * 1000,
        (done - scheduled) * 1000,
        (done - sent) * 1000,
        1,
        2,
        answer.status,
        task_name,
        bad if options.mode == "fails" else None,
        f"{number:032x}",
        None,
    )
    database.execute("INSERT INTO request VALUES (?,?,?,?,?,?,?,?,?,?,?)", row)


if __name__ == "__main__":
    raise SystemExit(main())
