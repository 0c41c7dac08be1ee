#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's answers against its own OpenAPI document: each operation, with each kind of answer that can be had."""

import gzip
import http.client
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
# What cannot be had from a server that is well.
NOT_PROVOKED = {("/readyz", "get", "500")}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE")
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
                    # Clients have to bear it where more is allowed, but this server says what it has.
                    raise AssertionError(f"{where} has {name}, which is not documented")
        elif isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict):
            for name, member in value.items():
                self.check(member, schema["additionalProperties"], f"{where}.{name}")

    def check_answer(self, path, method, status, headers, body):
        operation = self.document["paths"][path][method.lower() if method != "HEAD" else "get"]
        where = f"{method} {path} → {status}"
        assert str(status) in operation["responses"], f"{where} is not documented: {body[:200]}"
        answer = self.follow(operation["responses"][str(status)])
        self.used.add((path, method.lower(), str(status)))
        if not operation.get("security", True):
            assert status != 401, f"{where}, though it needs no token"
        for name, header in answer.get("headers", {}).items():
            assert headers[name] is not None, f"{where} has no {name}"
            schema = self.follow(self.follow(header)["schema"])
            self.check(int(headers[name]) if schema["type"] == "integer" else headers[name], schema, f"{where}: {name}")
        content = answer.get("content")
        if content is None or method == "HEAD":
            equal(body, b"", where)
            assert content is not None or headers["Content-Type"] is None, f"{where} has a type without a body"
            return None
        (kind, media), = content.items()
        assert headers["Content-Type"].split(";")[0] == kind, f"{where} is {headers['Content-Type']}"
        if not kind.endswith("json"):
            return None
        value = json.loads(body.decode("utf-8"))
        if kind == "application/problem+json":
            equal((value["status"], value["type"]), (status, f"urn:crown4:problem:{value['code']}"), where)
        self.check(value, media["schema"], where)
        return value


class Api:
    def __init__(self, team, server, document):
        self.team, self.server, self.document = team, server, document
        self.elsewhere = None  # a workspace that the team is not in

    def __call__(self, method, path, status, *details, **more):
        """Asks, and checks the answer; @path as the document has it."""
        got, headers, body = self.ask(method, path, *details, **more)
        equal(got, status, f"{method} {path}{details}{more}: {body[:300]!r}"[:800])
        return self.document.check_answer(path, method, got, headers, body), headers

    def ask(self, method, path, ids=None, query="", body=None, token=True, headers=None):
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
            equal(got_headers["Vary"], "Accept-Encoding", url)
            got_body = gzip.decompress(got_body) if method != "HEAD" else got_body
        return got, got_headers, got_body


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
    for name in ("crown-rest-api.c", "crown-metrics-endpoint.c"):
        with open(os.path.join(SOURCE, "src", "server", name), encoding="utf-8") as file:
            table |= {(path, "get") for path in re.findall(r'crown_rest_add_bare_handler \(\w+, "([^"]+)"', file.read())}
    documented = {(path, method) for path, item in document.document["paths"].items() for method in item}
    equal(documented - table, set(), "documented and not there:")
    equal(table - documented, set(), "there and not documented:")


def codes(document):
    """Clients compare codes: the document has those of the table, with no other."""
    with open(os.path.join(SOURCE, "src", "server", "crown-server-error.c"), encoding="utf-8") as file:
        table = re.findall(r'^  \[CROWN_SERVER_ERROR_\w+\] += \{ \d+, "(\w+)"', file.read(), re.MULTILINE)
    assert len(table) > 15, table
    equal(sorted(document.document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]), sorted(table))


def validator():
    """It refuses what is not as described: a test that lets everything through tells nothing."""
    document = Document({"row": {"type": "object", "required": ["id"], "additionalProperties": False, "properties": {
        "id": {"type": "integer", "minimum": 1}, "at": {"type": "string", "format": "date-time"},
        "state": {"type": "string", "enum": ["on", "off"]}, "list": {"type": "array", "items": {"type": "boolean"}},
        "name": {"oneOf": [{"type": "string", "pattern": "^a"}, {"type": "null"}]}}}})
    good = {"id": 1, "at": "2026-03-02T09:00:00Z", "state": "on", "list": [True], "name": None}
    document.check(good, {"$ref": "#/row"}, "row")
    for name, value in (("id", 0), ("id", "1"), ("id", True), ("id", 1.5), ("at", "yesterday"), ("state", "between"),
                        ("list", [1]), ("list", {}), ("name", "b"), ("name", 1), ("other", 1), ("id", None)):
        bad = {**good, name: value}
        if value is None:
            del bad[name]
        try:
            document.check(bad, {"$ref": "#/row"}, "row")
        except AssertionError:
            continue
        raise AssertionError(f"{name}={value!r} was let through")


def pages(api):
    """Pages one after another are the whole; those of a snapshot are of one moment, or there is none."""
    meeting, _ = api("POST", W + "/meetings", 201, body={"title": "With pages"})
    for i in range(7):
        api("POST", W + "/tasks", 201, body={"session_id": meeting["id"], "text": f"{i}"})
    whole, _ = api("GET", W + "/snapshot", 200)
    assert "next" not in whole, whole["next"]
    for size in (1, 2, 3, 1000):
        for path, rows in (("/meetings", whole["stores"]["meetings"]), ("/tasks", whole["stores"]["tasks"])):
            items, cursor = [], 0
            while cursor is not None:
                page, _ = api("GET", W + path, 200, query=f"?limit={size}&cursor={cursor}")
                assert len(page["items"]) <= size and page["next"] == page["next_cursor"], page
                items, cursor = items + page["items"], page["next"]
            equal(items, rows, path)
        for only in ("", "&store=meetings", "&store=tasks", "&store=analytics", "&store=metadata"):
            stores, query = {}, ""
            while query is not None:
                page, _ = api("GET", W + "/snapshot", 200, query=f"?limit={size}{only}{query}")
                equal((page["sequence"], page["epoch"]), (whole["sequence"], whole["epoch"]))
                counted = sum(len(rows) for name, rows in page["stores"].items() if name != "metadata")
                assert counted <= size, f"{counted} rows in a page of {size}"
                for name, rows in page["stores"].items():
                    stores.setdefault(name, []).extend(rows)
                query = f"&cursor={page['next']}" if page["next"] is not None else None
            equal(stores, {name: rows for name, rows in whole["stores"].items() if only in ("", f"&store={name}")})
    every, _ = api("GET", W + "/events", 200)
    assert every["next"] is None and len(every["events"]) > 8, every["next"]
    events, cursor = [], 0
    while cursor is not None:
        page, _ = api("GET", W + "/events", 200, query=f"?limit=3&cursor={cursor}")
        equal(page["has_more"], page["next"] is not None)
        events, cursor = events + page["events"], page["next"]
    equal([event["sequence"] for event in events], [event["sequence"] for event in every["events"]])

    page, _ = api("GET", W + "/snapshot", 200, query="?limit=1")
    for cursor in ("", "1", page["next"] + ".1", page["next"].replace("meetings", "metadata"),
                   page["next"].replace("meetings", "nonsense"), page["next"][:-1] + "x", page["next"][:-1] + "-1"):
        api("GET", W + "/snapshot", 400, query=f"?cursor={cursor}")
    api("GET", W + "/snapshot", 400, query=f"?store=tasks&cursor={page['next']}")
    api("POST", W + "/tasks", 201, body={"session_id": meeting["id"], "text": "in between"})
    problem, _ = api("GET", W + "/snapshot", 409, query=f"?limit=1&cursor={page['next']}")
    equal(problem["code"], "snapshot_moved")


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
        plain, headers = api("GET", path, 200, ids, query)
        small, compressed = api("GET", path, 200, ids, query, headers={"Accept-Encoding": "gzip"})
        equal(small, plain, path)
        equal(compressed["Content-Encoding"], "gzip" if int(headers["Content-Length"]) > 1024 else None, path)
        equal(headers["Content-Encoding"], None, path)
        _, refused = api("GET", path, 200, ids, query, headers={"Accept-Encoding": "gzip;q=0, identity"})
        equal(refused["Content-Encoding"], None, path)
        for accepted, like in (("identity", headers), ("gzip", compressed)):
            _, head = api("HEAD", path, 200, ids, query, headers={"Accept-Encoding": accepted})
            equal([(name, value) for name, value in head.items() if name != "Date"],
                  [(name, value) for name, value in like.items() if name != "Date"], f"HEAD {path}")
        api("GET", path, 401, ids, query, token=None)
        if path != V1:
            api("GET", path, 403, {**(ids or {}), "w": api.elsewhere}, query)
            api("GET", path, 404, {**(ids or {}), "w": 999}, query)
        if headers.get("ETag"):
            api("GET", path, 304, ids, headers={"If-None-Match": headers["ETag"]})
    # No answer is without any of its rows: what is checked is there.
    whole, _ = api("GET", W + "/snapshot", 200)
    assert all(whole["stores"].values()), {name: len(rows) for name, rows in whole["stores"].items()}

    api("PATCH", W + "/meetings/{id}", 200, meeting, body={"title": "Another title"})
    for verb in ("archive", "restore", "complete"):
        api("POST", W + "/meetings/{id}/" + verb, 200, meeting)
    api("POST", W + "/archive/reveal", 200)

    live, _ = api("POST", W + "/meetings", 201, body={"title": "Goes on"})
    ids = {"id": live["id"]}
    said = [{"speaker": "Ada", "text": "I will send the plan to everyone by Friday.", "start": 1.5, "end": 4}]
    api("GET", W + "/meetings/{id}/transcript", 404, ids)
    equal(api("POST", W + "/meetings/{id}/segments", 201, ids, body={"segments": said})[0], {"accepted": 1})
    equal(api("GET", W + "/meetings/{id}/transcript", 200, ids)[0]["segments"], said)
    api("POST", W + "/meetings/{id}/segments", 422, ids, body={"segments": [{"text": "Nobody says it."}]})
    ended, headers = api("POST", W + "/meetings/{id}/complete", 200, ids)
    equal((ended["status"], ended["task_count"], ended["participants"]), ("completed", 1, ["Ada"]))
    equal(api("GET", W + "/meetings/{id}", 200, ids)[1]["ETag"], headers["ETag"])
    problem, _ = api("POST", W + "/meetings/{id}/segments", 409, ids, body={"segments": said})
    equal(problem["code"], "meeting_over")

    api("DELETE", W + "/tasks/{id}", 204, {"id": task["id"]})
    api("GET", W + "/tasks/{id}", 404, {"id": task["id"]})


def refusals(api):
    viewer = api.team.new_token("viewer")
    meeting, _ = api("POST", W + "/meetings", 201, body={"title": "Kept"})
    task, _ = api("POST", W + "/tasks", 201, body={"session_id": meeting["id"], "text": "Kept"})
    before = [api("GET", W + path, 200, {"id": row["id"]})[0] for path, row in (("/meetings/{id}", meeting),
                                                                                ("/tasks/{id}", task))]
    bodies = {"/meetings": {"title": "No"}, "/tasks": {"session_id": 1, "text": "No"}, "/tasks/{id}": {"text": "No"},
              "/meetings/{id}": {"title": "No"}, "/imports": TRANSCRIPT.encode(),
              "/meetings/{id}/segments": {"segments": [{"speaker": "Ada", "text": "No"}]}}
    for path, item in api.document.document["paths"].items():
        for method in item.keys() - {"get"}:
            below = path.removeprefix(W)
            method, body = method.upper(), bodies.get(below) if method != "delete" else None
            ids = {"id": (task if "/tasks" in path else meeting)["id"]}
            api(method, path, 401, ids, body=body, token=None)
            api(method, path, 401, ids, body=body, token="crown4_wrong")
            if not path.endswith("/archive/reveal"):  # which viewers may, too
                api(method, path, 403, ids, body=body, token=viewer)
            api(method, path, 403, {**ids, "w": api.elsewhere}, body=body)
            api(method, path, 404, {**ids, "w": 999}, body=body)
            api(method, path, 400, ids, body=body, headers={"Idempotency-Key": ""})
            api(method, path, 400, ids, body=body, headers={"Idempotency-Key": "x" * 256})
            api(method, path, 413, ids, body=b"x" * (51 << 20 if below == "/imports" else 66000))
            if "{id}" in path:
                api(method, path, 404, {"id": 999}, body=body)
                problem, _ = api(method, path, 412, ids, body=body, headers={"If-Match": '"' + "0" * 64 + '"'})
                equal(problem["current"]["id"], ids["id"])
            key = {"Idempotency-Key": f"once {method} {path}"}
            api("POST", W + "/meetings", 201, body={"title": "Has the key"}, headers=key)
            problem, _ = api(method, path, 422, ids, body=body, headers=key)
            equal(problem["code"], "idempotency_key_reused")
            if "415" in item[method.lower()]["responses"]:
                for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", "nonsense",
                             "application/json; charset=latin1", "multipart/form-data; boundary=x"):
                    api(method, path, 415, ids, body=body, headers={"Content-Type": kind})
                for kind in ("application/json", "Application/JSON; charset=UTF-8"):
                    api(method, path, 400, ids, body=b"{", headers={"Content-Type": kind})
    after = [api("GET", W + path, 200, {"id": row["id"]})[0] for path, row in (("/meetings/{id}", meeting),
                                                                               ("/tasks/{id}", task))]
    equal(after, before, "a refused write changed something:")
    api("POST", W + "/tasks", 400, body=b"{")
    api("POST", W + "/tasks", 422, body={"session_id": 1, "text": ""})
    api("POST", W + "/tasks", 422, body={"session_id": 1, "text": "x", "id": 7})
    api("POST", W + "/imports", 422, body=b"nothing that anybody reads")
    api("GET", W + "/digest", 400)
    api("GET", W + "/snapshot", 400, query="?store=nonsense")
    for path, query in (("/events", "?after=-1"), ("/events", "?cursor=x"), ("/events", "?limit=x"), ("/meetings", "?cursor=-1"),
                        ("/meetings", "?limit=-1"), ("/tasks", "?cursor=x"), ("/tasks", "?limit=1e3")):
        api("GET", W + path, 400, query=query)
    key = {"Idempotency-Key": "once"}
    first, _ = api("POST", W + "/meetings", 201, body={"title": "Once"}, headers=key)
    again, _ = api("POST", W + "/meetings", 201, body={"title": "Once"}, headers=key)
    equal(again["id"], first["id"])
    api("POST", W + "/meetings", 422, body={"title": "Twice"}, headers=key)


def raw(api, method, target, token=None):
    """(status, headers, body) of what has no operation in the document."""
    connection = http.client.HTTPConnection("127.0.0.1", int(api.server.url.rsplit(":", 1)[1]), timeout=PATIENCE_SECONDS)
    connection.request(method, target, headers={"Authorization": f"Bearer {token}"} if token else {})
    answer = connection.getresponse()
    result = answer.status, answer.headers, answer.read()
    # Nothing of it is left over: the next answer on the same connection is one.
    connection.request("GET", "/healthz")
    equal(connection.getresponse().read(), b'{"status":"ok"}', f"after {method} {target}")
    connection.close()
    return result


def problem_of(api, answer, status, code):
    got, headers, body = answer
    equal((got, headers["Content-Type"]), (status, "application/problem+json"), body)
    value = json.loads(body.decode("utf-8"))
    api.document.check(value, {"$ref": "#/components/schemas/Problem"}, "problem")
    equal((value["status"], value["code"]), (status, code))


def other_methods(api):
    """Each path answers to the methods that the document has, and says so to others."""
    for path, item in api.document.document["paths"].items():
        target = path.format(w=api.team.workspace, id=1)
        for method in METHODS:
            if method.lower() in item:
                continue
            answer = raw(api, method, target, api.team.token)
            problem_of(api, answer, 405, "method_not_allowed")
            expected = {name.upper() for name in item} | ({"HEAD"} if "get" in item else set())
            equal(set(answer[1]["Allow"].split(", ")), expected, f"{method} {path}")
        if "get" not in item:
            equal(raw(api, "HEAD", target, api.team.token)[0], 405, f"HEAD {path}")
        for below in ("/", "/nothing", "x"):
            problem_of(api, raw(api, "GET", target + below, api.team.token), 404, "not_found")
    for target in ("/", "/nothing", "/api", "/api/v1", "/api/v2/workspaces", "/index.html", "/%ff", "/api/v1/%ff",
                   "/" + "%C3%A4" * 300, "/api/v1/" + "x" + "%C3%A4" * 300):
        problem_of(api, raw(api, "GET", target, api.team.token), 404, "not_found")


def besides(api):
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
        api("GET", path, 200, token=None)
        status, head, body = raw(api, "HEAD", path)
        equal((status, body), (200, b""), path)
        _, get, _ = raw(api, "GET", path)
        equal(head["Content-Type"], get["Content-Type"], path)
        assert int(head["Content-Length"]) > 0, path
    api("GET", "/metrics", 403, token=None, headers={"X-Forwarded-For": "203.0.113.7"})
    served, _ = api("GET", "/openapi.json", 200, token=None)
    equal(served, api.document.document)
    served, headers = api("GET", "/openapi.json", 200, token=None, headers={"Accept-Encoding": "br, gzip;q=0.5"})
    equal((served, headers["Content-Encoding"]), (api.document.document, "gzip"))
    _, not_modified = api("GET", "/openapi.json", 304, token=None, headers={"If-None-Match": headers["ETag"]})
    equal(not_modified["Vary"], "Accept-Encoding")


def too_often(team, document):
    """429 of each operation, from a server that lets through one request a second."""
    with team.serve("--rate-limit", "1") as server:
        api = Api(team, server, document)
        for path, item in document.document["paths"].items():
            for method, operation in item.items():
                if "429" not in operation["responses"]:
                    continue
                answers = (api.ask(method.upper(), path, {"id": 1}) for _ in range(100))
                answer = next((answer for answer in answers if answer[0] == 429), None)
                assert answer, f"{method} {path} may be asked for ever"
                document.check_answer(path, method.upper(), *answer)


def every_answer(document):
    """Each status of each operation was had and checked, but for what only a broken server gives."""
    documented = {(path, method, status) for path, item in document.document["paths"].items()
                  for method, operation in item.items() for status in operation["responses"]}
    equal(sorted(documented - document.used - NOT_PROVOKED), [], "documented and never had:")
    assert NOT_PROVOKED <= documented - document.used, f"of {NOT_PROVOKED} some can be had"


def main():
    folder = tempfile.mkdtemp(prefix="crown4-")
    try:
        with open(os.path.join(SOURCE, "docs", "openapi.json"), encoding="utf-8") as file:
            document = Document(json.load(file))
        team = Team(folder)
        with team.serve() as server:
            api = Api(team, server, document)
            api.elsewhere = int(team.ctl("workspace", "create", "Elsewhere").out)
            return Tap().run((("the validator refuses what is wrong", validator),
                              ("the document has the routes and no others", lambda: routes(document)),
                              ("the document has the codes and no others", lambda: codes(document)),
                              ("what is read and written is as documented", lambda: reads_and_writes(api)),
                              ("pages are the whole", lambda: pages(api)),
                              ("refusals are as documented", lambda: refusals(api)),
                              ("other methods and paths", lambda: other_methods(api)),
                              ("health, metrics and the document itself", lambda: besides(api)),
                              ("too many requests", lambda: too_often(team, document)),
                              ("no answer was left out", lambda: every_answer(document))))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
