#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's answers against its own OpenAPI document: each operation, with each kind of answer that can be had."""

import gzip
import json
import os
import re
import shutil
import sys
import tempfile
import urllib.error
import urllib.request
import uuid

sys.path.insert(0, os.path.join(os.environ["CROWN_SRCDIR"], "tests"))

from team import Team
from tools import PATIENCE_SECONDS, SOURCE, Tap

FORMATS = {"date-time": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", "date": r"^\d{4}-\d\d-\d\d$"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "number": (int, float),
         "integer": int}
TRANSCRIPT = "WEBVTT\n\n00:00:00.000 --> 00:00:06.000\n<v Ada>I will send the plan to everyone by Friday.\n"


def equal(actual, expected, what=""):
    assert actual == expected, f"{what} {actual!r} instead of {expected!r}"


class Document:
    def __init__(self, document):
        self.document = document
        self.used = set()  # (path, method, status)

    def follow(self, node):
        while "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def check(self, value, schema, where):
        """The part of JSON Schema that the document makes use of."""
        schema = self.follow(schema)
        known = {"type", "properties", "required", "additionalProperties", "items", "enum", "pattern", "oneOf", "minimum",
                 "format", "description"}
        assert set(schema) <= known, f"the validator does not know {set(schema) - known}"
        if "oneOf" in schema:
            problems = []
            for choice in schema["oneOf"]:
                try:
                    self.check(value, choice, where)
                except AssertionError as error:
                    problems.append(str(error))
            assert len(problems) == len(schema["oneOf"]) - 1, f"{where}: {problems}"
            return
        kind = TYPES[schema["type"]]
        assert isinstance(value, kind) and (schema["type"] == "boolean" or not isinstance(value, bool)), \
            f"{where} is {value!r}, not of type {schema['type']}"
        if "enum" in schema:
            assert value in schema["enum"], f"{where} is {value!r}, not one of {schema['enum']}"
        if "minimum" in schema:
            assert value >= schema["minimum"], f"{where} is {value!r}"
        for pattern in (schema.get("pattern"), FORMATS.get(schema.get("format"))):
            assert pattern is None or re.search(pattern, value), f"{where} is {value!r}, not {pattern}"
        if isinstance(value, list):
            for i, item in enumerate(value):
                self.check(item, schema["items"], f"{where}[{i}]")
        elif isinstance(value, dict) and "properties" in schema:
            missing = set(schema.get("required", ())) - set(value)
            assert not missing, f"{where} lacks {missing}"
            for name, member in value.items():
                if name in schema["properties"]:
                    self.check(member, schema["properties"][name], f"{where}.{name}")
                else:
                    assert schema.get("additionalProperties") is not False, f"{where} has {name}, which is not known"
        elif isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict):
            for name, member in value.items():
                self.check(member, schema["additionalProperties"], f"{where}.{name}")

    def check_answer(self, path, method, status, headers, body):
        operation = self.document["paths"][path][method.lower() if method != "HEAD" else "get"]
        where = f"{method} {path} → {status}"
        assert str(status) in operation["responses"], f"{where} is not documented: {body[:200]}"
        answer = self.follow(operation["responses"][str(status)])
        self.used.add((path, method.lower(), str(status)))
        for name, header in answer.get("headers", {}).items():
            assert headers[name] is not None, f"{where} has no {name}"
            schema = self.follow(self.follow(header)["schema"])
            self.check(int(headers[name]) if schema["type"] == "integer" else headers[name], schema, f"{where}: {name}")
        content = answer.get("content")
        if content is None or method == "HEAD":
            equal(body, b"", where)
            return None
        (kind, media), = content.items()
        assert headers["Content-Type"].split(";")[0] == kind, f"{where} is {headers['Content-Type']}"
        if not kind.endswith("json"):
            return None
        value = json.loads(body)
        self.check(value, media["schema"], where)
        return value


class Api:
    def __init__(self, team, server, document):
        self.team, self.server, self.document = team, server, document

    def __call__(self, method, path, status, ids=None, query="", body=None, token=True, headers=None):
        """Asks, and checks the answer; @path as the document has it."""
        names = {"w": self.team.workspace, **(ids or {})}
        url = self.server.url + path.format(**names) + query
        head = dict(headers or {})
        if token:
            head.setdefault("Authorization", f"Bearer {self.team.token if token is True else token}")
        if method in ("POST", "PATCH", "DELETE"):
            head.setdefault("Idempotency-Key", str(uuid.uuid4()))
        if head.get("Idempotency-Key") == "":
            del head["Idempotency-Key"]
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        if data is not None:
            head.setdefault("Content-Type", "text/vtt" if path.endswith("/imports") else "application/json")
        request = urllib.request.Request(url, data=data, method=method, headers=head)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=PATIENCE_SECONDS) as answer:
                got, got_headers, got_body = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                got, got_headers, got_body = error.code, error.headers, error.read()
        if got_headers.get("Content-Encoding") == "gzip":
            got_body = gzip.decompress(got_body)
        equal(got, status, f"{method} {path}{query}: {got_body[:300]!r}")
        return self.document.check_answer(path, method, got, got_headers, got_body), got_headers


V1 = "/api/v1/workspaces"
W = V1 + "/{w}"


def routes(document):
    """The tables of the routes and the document have the same operations."""
    table = set()
    for name in ("reads", "writes"):
        with open(os.path.join(SOURCE, "src", "server", f"crown-rest-{name}.c"), encoding="utf-8") as file:
            table |= {(f"/api/v1/{path}", method.lower())
                      for method, path in re.findall(r'^  \{ "([A-Z]+)", "(workspaces[^"]*)"', file.read(), re.MULTILINE)}
    assert len(table) > 15, table
    documented = {(path, method) for path, item in document.document["paths"].items() for method in item
                  if path.startswith("/api/")}
    equal(documented - table, set(), "documented and not there:")
    equal(table - documented, set(), "there and not documented:")


def reads_and_writes(api):
    imported, _ = api("POST", W + "/imports", 201, query="?name=plan.vtt&date=2026-03-02", body=TRANSCRIPT.encode())
    meeting = {"id": imported["meeting_id"]}
    made, _ = api("POST", W + "/meetings", 201, body={"title": "Planned", "started_at": "2026-03-02T09:00:00Z"})
    task, headers = api("POST", W + "/tasks", 201, body={"session_id": made["id"], "text": "Do it", "due_date": "2026-03-09"})
    api("PATCH", W + "/tasks/{id}", 200, {"id": task["id"]}, body={"status": "completed"},
        headers={"If-Match": headers["ETag"]})
    api("PATCH", W + "/tasks/{id}", 412, {"id": task["id"]}, body={"status": "pending"},
        headers={"If-Match": headers["ETag"]})
    for path, ids in ((V1, None), (W + "/snapshot", None), (W + "/digest", None), (W + "/events", None), (W + "/stats", None),
                      (W + "/insights", None), (W + "/meetings", None), (W + "/tasks", None), (W + "/meetings/{id}", meeting),
                      (W + "/meetings/{id}/transcript", meeting), (W + "/analytics/{id}", meeting),
                      (W + "/tasks/{id}", {"id": task["id"]})):
        query = "?store=tasks&bucket=1" if path.endswith("digest") else ""
        _, headers = api("GET", path, 200, ids, query)
        api("HEAD", path, 200, ids, query)
        _, headers = api("GET", path, 200, ids, query, headers={"Accept-Encoding": "gzip"})
        api("GET", path, 401, ids, query, token=None)
        if path != V1:
            api("GET", path, 404, {**(ids or {}), "w": 999}, query)
        if headers.get("ETag"):
            api("GET", path, 304, ids, headers={"If-None-Match": headers["ETag"]})
    page, _ = api("GET", W + "/tasks", 200, query="?limit=1")
    assert page["next_cursor"] is not None, "the second page is not told of"
    second, _ = api("GET", W + "/tasks", 200, query=f"?limit=1&cursor={page['next_cursor']}")
    assert second["items"][0]["id"] > page["items"][0]["id"], "the cursor does not go on"

    api("PATCH", W + "/meetings/{id}", 200, meeting, body={"title": "Another title"})
    for verb in ("archive", "restore", "complete"):
        api("POST", W + "/meetings/{id}/" + verb, 200, meeting)
        api("POST", W + "/meetings/{id}/" + verb, 404, {"id": 999})
    api("POST", W + "/archive/reveal", 200)
    api("DELETE", W + "/tasks/{id}", 204, {"id": task["id"]})
    api("GET", W + "/tasks/{id}", 404, {"id": task["id"]})


def refusals(api):
    viewer = api.team.new_token("viewer")
    for method, path, body in (("POST", "/meetings", {"title": "No"}), ("POST", "/tasks", {"session_id": 1, "text": "No"}),
                               ("PATCH", "/tasks/{id}", {"text": "No"}), ("DELETE", "/tasks/{id}", None),
                               ("PATCH", "/meetings/{id}", {"title": "No"}), ("POST", "/imports", TRANSCRIPT.encode())):
        ids = {"id": 1}
        api(method, W + path, 401, ids, body=body, token=None)
        api(method, W + path, 401, ids, body=body, token="crown4_wrong")
        api(method, W + path, 403, ids, body=body, token=viewer)
        api(method, W + path, 404, {**ids, "w": 999}, body=body)
        api(method, W + path, 400, ids, body=body, headers={"Idempotency-Key": ""})
    api("POST", W + "/tasks", 400, body=b"{")
    api("POST", W + "/tasks", 422, body={"session_id": 1, "text": ""})
    api("POST", W + "/tasks", 422, body={"session_id": 1, "text": "x", "id": 7})
    api("POST", W + "/tasks", 413, body={"session_id": 1, "text": "x" * 100000})
    api("POST", W + "/imports", 422, body=b"nothing that anybody reads")
    api("GET", W + "/digest", 400)
    api("GET", W + "/snapshot", 400, query="?store=nonsense")
    api("GET", W + "/events", 400, query="?after=-1")
    key = {"Idempotency-Key": "once"}
    first, _ = api("POST", W + "/meetings", 201, body={"title": "Once"}, headers=key)
    again, _ = api("POST", W + "/meetings", 201, body={"title": "Once"}, headers=key)
    equal(again["id"], first["id"])
    api("POST", W + "/meetings", 422, body={"title": "Twice"}, headers=key)


def besides(api):
    api("GET", "/healthz", 200, token=None)
    api("GET", "/readyz", 200, token=None)
    api("GET", "/metrics", 200, token=None)
    api("GET", "/metrics", 403, token=None, headers={"X-Forwarded-For": "203.0.113.7"})
    served, _ = api("GET", "/openapi.json", 200, token=None)
    equal(served, api.document.document)


def every_operation(document):
    """Each operation's good answer was had and checked."""
    missing = []
    for path, item in document.document["paths"].items():
        for method, operation in item.items():
            good = [status for status in operation["responses"] if status.startswith("2")]
            if not any((path, method, status) in document.used for status in good):
                missing.append((method, path))
    equal(missing, [])


def main():
    folder = tempfile.mkdtemp(prefix="crown4-")
    try:
        with open(os.path.join(SOURCE, "docs", "openapi.json"), encoding="utf-8") as file:
            document = Document(json.load(file))
        team = Team(folder)
        with team.serve() as server:
            api = Api(team, server, document)
            return Tap().run((("the document has the routes and no others", lambda: routes(document)),
                              ("what is read and written is as documented", lambda: reads_and_writes(api)),
                              ("refusals are as documented", lambda: refusals(api)),
                              ("health, metrics and the document itself", lambda: besides(api)),
                              ("no operation was left out", lambda: every_operation(document))))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
