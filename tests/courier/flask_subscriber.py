"""Somebody else's subscriber, the package Flask-WebSub, as a program: `python flask_subscriber.py FOLDER`.

It prints its port. `POST /subscribe?page=URL`, `/renew?id=` and `/unsubscribe?id=` have it act. `GET /told`
answers what it was told, as `[["success", id, mode], ["push", id, body], …]`; a push whose signature is wrong
is never told.
"""

from __future__ import annotations

import sys
from typing import Any

import flask
import flask_websub.subscriber as websub
from werkzeug.serving import make_server

# It signs over TLS alone. Between two programs on one machine loopback stands for that.
websub.is_secure = lambda url: True

app = flask.Flask(__name__)
folder = sys.argv[1]
subscriber = websub.Subscriber(
    websub.SQLite3SubscriberStorage(f"{folder}/kept.db"),
    websub.SQLite3TempSubscriberStorage(f"{folder}/asked.db"),
)
app.register_blueprint(subscriber.build_blueprint(url_prefix="/callbacks"))
told: list[list[Any]] = []


@subscriber.add_success_handler
def agreed(topic: str, callback: str, mode: str) -> None:
    told.append(["success", callback, mode])


@subscriber.add_error_handler
def failed(topic: str, callback: str, reason: str) -> None:
    told.append(["error", callback, reason])


@subscriber.add_listener
def pushed(topic: str, callback: str, body: bytes) -> None:
    told.append(["push", callback, body.decode()])


@app.post("/subscribe")
def subscribe() -> dict[str, str]:
    found = websub.discover(flask.request.args["page"])
    return {**found, "id": subscriber.subscribe(**found)}


@app.post("/renew")
def renew() -> dict[str, str]:
    subscriber.renew(flask.request.args["id"])
    return {}


@app.post("/unsubscribe")
def unsubscribe() -> dict[str, str]:
    subscriber.unsubscribe(flask.request.args["id"])
    return {}


@app.get("/told")
def everything() -> list[list[Any]]:
    return told


server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.port, flush=True)
server.serve_forever()
