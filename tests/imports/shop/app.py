"""A shop's cart in Flask: somebody else's service, which knows nothing of a rehearsal."""

import os
import time
from typing import Any

from flask import Flask, jsonify, request

app = Flask(__name__)
CURRENCY = os.environ["SHOP_CURRENCY"]
PASSWORD = os.environ["DB_PASSWORD"]
carts: dict[str, list[str]] = {}


@app.get("/status")
def status() -> Any:
    return jsonify(up=True)


@app.get("/cart/<name>")
def show(name: str) -> Any:
    time.sleep(float(request.args.get("wait", "0")))
    return jsonify(items=carts.get(name, []), currency=CURRENCY, release=os.environ.get("RELEASE"))


@app.post("/cart/<name>")
def add(name: str) -> Any:
    carts.setdefault(name, []).append(request.get_json()["item"])
    return jsonify(items=carts[name]), 201
