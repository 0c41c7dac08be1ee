#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engine.IO v4 and Socket.IO v5 as their specifications tell them, packet by packet, against our server.

The cases follow the protocols' texts and the public conformance suites; sleeping is not asked of the tests, since the
server's own timers make the packets that are waited for.
"""

import base64
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.environ["CROWN_SRCDIR"], "tests"))

import requests
import websocket

from tools import PATHS, BUILD, Running, Tap

PATHS["crown-conformance-server"] = os.path.join(BUILD, "tests", "conformance", "crown-conformance-server")
PATIENCE_SECONDS = 10
SEPARATOR = "\x1e"


class Protocol:
    """One server, spoken to in raw requests and frames."""

    def __init__(self, path, *options):
        self.server = Running("crown-conformance-server", "--port", "0", *options)
        self.url = self.server.next_line().removeprefix("listening ") + path
        self.http = requests.Session()
        self.http.trust_env = False

    def request(self, method, query, **options):
        return self.http.request(method, f"{self.url}?{query}", timeout=PATIENCE_SECONDS, **options)

    def get(self, sid):
        return self.request("GET", f"EIO=4&transport=polling&sid={sid}")

    def post(self, sid, body):
        return self.request("POST", f"EIO=4&transport=polling&sid={sid}", data=body.encode())

    def poll_open(self):
        answer = self.request("GET", "EIO=4&transport=polling")
        equal(answer.status_code, 200)
        equal(answer.text[0], "0")
        return json.loads(answer.text[1:])["sid"]

    def waiting_poll(self, sid):
        """A poll that waits beside what the test does next; its result() is the answer."""
        return Waiting(lambda: requests.get(f"{self.url}?EIO=4&transport=polling&sid={sid}", timeout=PATIENCE_SECONDS))

    def websocket(self, query="EIO=4&transport=websocket"):
        return websocket.create_connection(f"{self.url.replace('http', 'ws', 1)}?{query}", timeout=PATIENCE_SECONDS)

    def websocket_open(self):
        line = self.websocket()
        equal(line.recv()[0], "0")
        return line


class Waiting:
    def __init__(self, call):
        self.answer = None
        self.thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self.thread.start()

    def _run(self, call):
        self.answer = call()

    def result(self):
        self.thread.join(PATIENCE_SECONDS)
        assert self.answer is not None, "no answer to the request that waited"
        return self.answer


def equal(actual, expected):
    assert actual == expected, f"{actual!r} instead of {expected!r}"


def closed(line):
    """Reads to the end of a websocket; packets other than pings do not count as an end."""
    while True:
        try:
            opcode, data = line.recv_data()
        except websocket.WebSocketConnectionClosedException:
            return
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return
        assert data == b"2", f"{data!r} instead of the end"


def receive(line):
    """The next packet that is not a ping, which is answered."""
    while True:
        opcode, data = line.recv_data()
        if opcode == websocket.ABNF.OPCODE_BINARY:
            return data
        assert opcode == websocket.ABNF.OPCODE_TEXT, f"the line was closed: {data!r}"
        if data != b"2":
            return data.decode()
        line.send("3")


def refused_websocket(protocol, query):
    try:
        line = protocol.websocket(query)
    except websocket.WebSocketBadStatusException as error:
        equal(error.status_code, 400)
        return
    closed(line)


HANDSHAKE = {"pingInterval": 300, "pingTimeout": 200, "maxPayload": 1000000}


# Engine.IO

def polling_handshake(p):
    answer = p.request("GET", "EIO=4&transport=polling")
    equal(answer.status_code, 200)
    equal(answer.text[0], "0")
    handshake = json.loads(answer.text[1:])
    assert isinstance(handshake.pop("sid"), str)
    equal(handshake, {**HANDSHAKE, "upgrades": ["websocket"]})


def polling_refusals(p):
    for method, query, code in (("GET", "transport=polling", 5), ("GET", "EIO=abc&transport=polling", 5),
                                ("GET", "EIO=3&transport=polling", 5), ("GET", "EIO=4", 0), ("GET", "", 0),
                                ("GET", "EIO=4&transport=abc", 0), ("POST", "EIO=4&transport=polling", 2),
                                ("PUT", "EIO=4&transport=polling", 2), ("GET", "EIO=4&transport=websocket", 3),
                                ("GET", "EIO=4&transport=polling&sid=none", 1),
                                ("POST", "EIO=4&transport=polling&sid=none", 1)):
        answer = p.request(method, query)
        equal((query, answer.status_code, answer.json()["code"]), (query, 400, code))
    sid = p.poll_open()
    for method in ("PUT", "DELETE", "PATCH"):
        equal(p.request(method, f"EIO=4&transport=polling&sid={sid}").status_code, 400)


def websocket_handshake(p):
    line = p.websocket()
    packet = line.recv()
    equal(packet[0], "0")
    handshake = json.loads(packet[1:])
    assert isinstance(handshake.pop("sid"), str)
    equal(handshake, {**HANDSHAKE, "upgrades": []})
    line.close()


def websocket_refusals(p):
    for query in ("transport=websocket", "EIO=abc&transport=websocket", "EIO=4", "EIO=4&transport=abc",
                  "EIO=4&transport=websocket&sid=none"):
        refused_websocket(p, query)


def polling_text(p):
    sid = p.poll_open()
    answer = p.post(sid, "4hello")
    equal((answer.status_code, answer.text), (200, "ok"))
    answer = p.get(sid)
    equal((answer.status_code, answer.text), (200, "4hello"))


def polling_many(p):
    sid = p.poll_open()
    body = SEPARATOR.join(["4test1", "4ünï☃𝄞", "4", "4test3"])
    equal(p.post(sid, body).text, "ok")
    equal(p.get(sid).content.decode(), body)


def polling_binary(p):
    sid = p.poll_open()
    equal(p.post(sid, SEPARATOR.join(["4hello", "bAQIDBA=="])).text, "ok")
    equal(p.get(sid).text, SEPARATOR.join(["4hello", "bAQIDBA=="]))


def polling_malformed(p):
    for body in ("abc", "", SEPARATOR, "4good" + SEPARATOR + "xbad", "0{}", "5", "2"):
        sid = p.poll_open()
        equal((body, p.post(sid, body).status_code), (body, 400))
        equal((body, p.get(sid).status_code), (body, 400))


def polling_no_text(p):
    sid = p.poll_open()
    answer = p.request("POST", f"EIO=4&transport=polling&sid={sid}", data=b"4\xff\xfe")
    equal(answer.status_code, 400)
    equal(p.get(sid).status_code, 400)


def polling_too_large(p):
    sid = p.poll_open()
    equal(p.post(sid, "4" + "x" * 1000000).status_code, 413)
    equal(p.get(sid).status_code, 400)
    sid = p.poll_open()
    body = "4" + "x" * 999999
    equal(p.post(sid, body).status_code, 200)
    equal(p.get(sid).text, body)


def polling_twice(p):
    sid = p.poll_open()
    first, second = p.waiting_poll(sid), p.waiting_poll(sid)
    answers = sorted((answer.status_code, answer.text) for answer in (first.result(), second.result()))
    equal(answers[0], (200, "1"))
    equal(answers[1][0], 400)
    equal(p.get(sid).status_code, 400)


def polling_cancelled(p):
    sid = p.poll_open()
    try:
        requests.get(f"{p.url}?EIO=4&transport=polling&sid={sid}", timeout=0.05)
        raise AssertionError("the poll did not wait")
    except requests.exceptions.ReadTimeout:
        pass
    # The session is gone, or goes because this looks like a second poll: which of them depends on who is noticed first.
    equal(p.get(sid).status_code, 400)
    equal(p.get(sid).json()["code"], 1)


def websocket_text(p):
    line = p.websocket_open()
    for text in ("4hello", "4ünï☃𝄞", "4" + "x" * 125, "4" + "y" * 70000, "4"):
        line.send(text)
        equal(receive(line), text)


def websocket_binary(p):
    line = p.websocket_open()
    for data in (b"\x01\x02\x03\x04", b"", bytes(range(256)) * 300):
        line.send_binary(data)
        equal(receive(line), data)


def websocket_fragments(p):
    line = p.websocket_open()
    frame = websocket.ABNF.create_frame
    line.send_frame(frame("4hel", websocket.ABNF.OPCODE_TEXT, 0))
    line.ping("beside")
    line.send_frame(frame("lo", websocket.ABNF.OPCODE_CONT, 1))
    frames = {frame.opcode: frame.data for frame in (line.recv_frame(), line.recv_frame())}
    equal(frames, {websocket.ABNF.OPCODE_PONG: b"beside", websocket.ABNF.OPCODE_TEXT: b"4hello"})


def websocket_byte_by_byte(p):
    line = p.websocket_open()
    for byte in websocket.ABNF.create_frame("4slowly", websocket.ABNF.OPCODE_TEXT).format():
        line.sock.send(bytes([byte]))
    equal(receive(line), "4slowly")


def websocket_many_at_once(p):
    line = p.websocket_open()
    frames = b"".join(websocket.ABNF.create_frame(f"4{i}", websocket.ABNF.OPCODE_TEXT).format() for i in range(2000))
    sender = Waiting(lambda: line.sock.sendall(frames) or True)
    equal([receive(line) for _ in range(2000)], [f"4{i}" for i in range(2000)])
    sender.result()


def websocket_malformed(p):
    for text in ("abc", "0{}", "2", "5"):
        line = p.websocket_open()
        line.send(text)
        closed(line)


def websocket_bad_frames(p):
    frame = websocket.ABNF.create_frame
    unmasked = bytes([0x81, 3]) + b"4no"
    reserved = bytes([0xf1, 0x80, 0, 0, 0, 0])
    huge = bytes([0x81, 0xff]) + (1 << 62).to_bytes(8, "big") + b"\0\0\0\0"
    not_text = frame(b"\xff\xfe\xfd", websocket.ABNF.OPCODE_BINARY).format()
    not_text = bytes([0x81]) + not_text[1:]
    too_large = frame("4" + "x" * 1000000, websocket.ABNF.OPCODE_TEXT).format()
    for name, data in (("unmasked", unmasked), ("reserved bits", reserved), ("length", huge), ("UTF-8", not_text),
                       ("maxPayload", too_large)):
        line = p.websocket_open()
        try:
            line.sock.sendall(data)
            closed(line)
        except (ConnectionResetError, BrokenPipeError):
            pass
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from None


def polling_heartbeat(p):
    sid = p.poll_open()
    for _ in range(3):
        equal(p.get(sid).text, "2")
        equal(p.post(sid, "3").text, "ok")


def polling_silence(p):
    sid = p.poll_open()
    equal(p.get(sid).text, "2")
    # No pong: the next poll waits until the session is closed.
    answer = p.get(sid)
    equal((answer.status_code, answer.text), (200, "1"))
    equal(p.get(sid).status_code, 400)


def websocket_heartbeat(p):
    line = p.websocket_open()
    for _ in range(3):
        equal(line.recv(), "2")
        line.send("3")
    line.send("4still here")
    equal(receive(line), "4still here")


def websocket_silence(p):
    line = p.websocket_open()
    closed(line)


def polling_close(p):
    sid = p.poll_open()
    poll = p.waiting_poll(sid)
    # The poll has to be there first; another session's answers show that the server has turned since.
    polling_text(p)
    equal(p.post(sid, "1").status_code, 200)
    equal((poll.result().status_code, poll.result().text), (200, "6"))
    equal(p.get(sid).status_code, 400)


def websocket_close(p):
    line = p.websocket_open()
    line.send("1")
    closed(line)
    line = p.websocket_open()
    line.send_close()
    opcode, _ = line.recv_data(control_frame=True)
    equal(opcode, websocket.ABNF.OPCODE_CLOSE)


def begin_upgrade(p, sid):
    line = p.websocket(f"EIO=4&transport=websocket&sid={sid}")
    line.send("2probe")
    equal(line.recv(), "3probe")
    return line


def upgrade(p):
    sid = p.poll_open()
    line = begin_upgrade(p, sid)
    # What waits is ended, so that nothing is lost between the two.
    answer = p.get(sid)
    equal((answer.status_code, answer.text), (200, "6"))
    line.send("5")
    line.send("4hello")
    equal(receive(line), "4hello")


def upgrade_of_a_waiting_poll(p):
    sid = p.poll_open()
    poll = p.waiting_poll(sid)
    polling_text(p)
    line = begin_upgrade(p, sid)
    equal(poll.result().text, "6")
    line.send("5")
    line.send("4hello")
    equal(receive(line), "4hello")


def upgrade_loses_nothing(p):
    sid = p.poll_open()
    line = begin_upgrade(p, sid)
    equal(p.post(sid, SEPARATOR.join(["4one", "4two"])).text, "ok")
    line.send("5")
    equal([receive(line), receive(line)], ["4one", "4two"])


def upgrade_given_up(p):
    sid = p.poll_open()
    line = p.websocket(f"EIO=4&transport=websocket&sid={sid}")
    line.send_close()
    line.recv_data(control_frame=True)
    polling_both_ways = p.post(sid, "4hello")
    equal(polling_both_ways.text, "ok")
    equal(p.get(sid).text, "4hello")


def after_upgrade(p):
    sid = p.poll_open()
    line = begin_upgrade(p, sid)
    line.send("5")
    line.send("4there")
    equal(receive(line), "4there")
    equal(p.get(sid).status_code, 400)
    equal(p.post(sid, "4hello").status_code, 400)
    # As the reference server does it: 101, and then closed.
    closed(p.websocket(f"EIO=4&transport=websocket&sid={sid}"))
    line.send("4hello")
    equal(receive(line), "4hello")


# Socket.IO

def connect(p, packet='40', nsp=""):
    line = p.websocket_open()
    line.send(packet)
    answer = receive(line)
    assert answer.startswith("40" + nsp), answer
    equal(list(json.loads(answer[2 + len(nsp):])), ["sid"])
    return line


def connect_main(p):
    equal(receive(connect(p)), '42["auth",{}]')
    equal(receive(connect(p, '40{"token":"123"}')), '42["auth",{"token":"123"}]')


def connect_custom(p):
    equal(receive(connect(p, "40/custom,", "/custom,")), '42/custom,["auth",{}]')
    equal(receive(connect(p, '40/custom,{"token":"abc"}', "/custom,")), '42/custom,["auth",{"token":"abc"}]')
    equal(receive(connect(p, "40/custom?a=b,", "/custom,")), '42/custom,["auth",{}]')


def connect_unknown(p):
    line = p.websocket_open()
    line.send("40/random")
    equal(receive(line), '44/random,{"message":"Invalid namespace"}')


def connect_malformed(p):
    for packet in ("4abc", "4", "40[]", '40"text"', "40{", '42["message",1]', '43/none,1[]'):
        line = p.websocket_open()
        line.send(packet)
        closed(line)


def connect_never(p):
    line = p.websocket_open()
    try:
        while True:
            receive(line)
    except AssertionError as error:
        assert "the line was closed" in str(error), error


def connected(p):
    line = connect(p)
    equal(receive(line), '42["auth",{}]')
    return line


def connect_twice(p):
    line = connected(p)
    line.send("40")
    closed(line)


def disconnect_main(p):
    line = connected(p)
    line.send("41")
    line.send("40")
    assert receive(line).startswith("40{"), "the line is gone with its namespace"


def disconnect_custom(p):
    line = connected(p)
    line.send("40/custom")
    receive(line), receive(line)
    line.send("41/custom")
    line.send('42["message","message to main namespace"]')
    equal(receive(line), '42["message-back","message to main namespace"]')


def events(p):
    line = connected(p)
    line.send('42["message",1,"2",{"3":[true,null,-0.5]}]')
    equal(receive(line), '42["message-back",1,"2",{"3":[true,null,-0.5]}]')


def binary_events(p):
    line = connected(p)
    line.send('452-["message",{"_placeholder":true,"num":0},{"a":[{"_placeholder":true,"num":1}]}]')
    line.send_binary(b"\x01\x02\x03")
    line.send_binary(b"\x04\x05\x06")
    equal(receive(line), '452-["message-back",{"_placeholder":true,"num":0},{"a":[{"_placeholder":true,"num":1}]}]')
    equal([receive(line), receive(line)], [b"\x01\x02\x03", b"\x04\x05\x06"])


def binary_events_by_polling(p):
    sid = p.poll_open()
    p.post(sid, "40")
    p.get(sid)
    first = base64.b64encode(b"\x01\x02\x03").decode()
    p.post(sid, SEPARATOR.join(['451-["message",{"_placeholder":true,"num":0}]', "b" + first]))
    equal(p.get(sid).text, SEPARATOR.join(['451-["message-back",{"_placeholder":true,"num":0}]', "b" + first]))


def acks(p):
    line = connected(p)
    line.send('42456["message-with-ack",1,"2",{"3":[false]}]')
    equal(receive(line), '43456[1,"2",{"3":[false]}]')
    line.send('452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    line.send_binary(b"\x01\x02\x03")
    line.send_binary(b"\x04\x05\x06")
    equal(receive(line), '462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    equal([receive(line), receive(line)], [b"\x01\x02\x03", b"\x04\x05\x06"])


def malformed_packets(p):
    for packet in ("4abc", "42{}", "42abc", '42abc["message-with-ack",1]', "42[]", "42[1,2]", "43[1]", "49",
                   '451-["message"', '45["message"]', '45999-["message"]', '42["message",1,]', '42["a"]["b"]',
                   '451-["message",{"_placeholder":true,"num":1}]', '42["message",{"a":1,"a":2}]'):
        line = connected(p)
        line.send(packet)
        try:
            closed(line)
        except AssertionError as error:
            raise AssertionError(f"{packet}: {error}") from None


def attachments_out_of_place(p):
    line = connected(p)
    line.send_binary(b"\x01")
    closed(line)
    line = connected(p)
    line.send('451-["message",{"_placeholder":true,"num":0}]')
    line.send('42["message",1]')
    closed(line)


ENGINE = (
    ("polling: handshake", polling_handshake),
    ("polling: wrong parameters have their codes", polling_refusals),
    ("websocket: handshake", websocket_handshake),
    ("websocket: wrong parameters", websocket_refusals),
    ("polling: a text packet", polling_text),
    ("polling: many packets in a payload", polling_many),
    ("polling: binary packets", polling_binary),
    ("polling: what is no packet closes the session", polling_malformed),
    ("polling: what is no text closes the session", polling_no_text),
    ("polling: maxPayload", polling_too_large),
    ("polling: two polls close the session", polling_twice),
    ("polling: a cancelled poll closes the session", polling_cancelled),
    ("websocket: text of every length", websocket_text),
    ("websocket: binary of every length", websocket_binary),
    ("websocket: fragments with a ping between", websocket_fragments),
    ("websocket: a byte at a time", websocket_byte_by_byte),
    ("websocket: many frames at once, in order", websocket_many_at_once),
    ("websocket: what is no packet closes the session", websocket_malformed),
    ("websocket: frames that break RFC 6455 end the line", websocket_bad_frames),
    ("polling: heartbeat", polling_heartbeat),
    ("polling: a client that says nothing is closed", polling_silence),
    ("websocket: heartbeat", websocket_heartbeat),
    ("websocket: a client that says nothing is closed", websocket_silence),
    ("polling: close", polling_close),
    ("websocket: close", websocket_close),
    ("upgrade", upgrade),
    ("upgrade while a poll waits", upgrade_of_a_waiting_poll),
    ("upgrade: what waits goes over the new line", upgrade_loses_nothing),
    ("upgrade: one that is given up leaves polling", upgrade_given_up),
    ("upgrade: the old transport is refused and harms nothing", after_upgrade),
)
SOCKET = (
    ("connect to the main namespace", connect_main),
    ("connect to another namespace", connect_custom),
    ("connect to an unknown namespace", connect_unknown),
    ("connect: what is no CONNECT closes", connect_malformed),
    ("connect: a client that never does is closed", connect_never),
    ("connect: twice closes", connect_twice),
    ("disconnect from the main namespace", disconnect_main),
    ("disconnect from another namespace", disconnect_custom),
    ("events", events),
    ("binary events", binary_events),
    ("binary events by polling", binary_events_by_polling),
    ("acks, binary too", acks),
    ("what is no packet closes", malformed_packets),
    ("attachments out of place close", attachments_out_of_place),
)


def main():
    engine, socket = Protocol("/engine.io/", "--engine-only"), Protocol("/socket.io/")
    with engine.server, socket.server:
        cases = [("Engine.IO " + name, lambda case=case: case(engine)) for name, case in ENGINE]
        cases += [("Socket.IO " + name, lambda case=case: case(socket)) for name, case in SOCKET]
        status = Tap().run(cases)
        for protocol in (engine, socket):
            if protocol.server.stop() != 0:
                print(f"# the server failed: {protocol.server.complaints}", file=sys.stderr)
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
