// SPDX-License-Identifier: GPL-3.0-or-later
// `node peers.js socket.io|socket.io-plain|ws`: a peer of crown-bench-broadcast-server, commanded alike.
const { createServer } = require("http");
const readline = require("readline");
const kind = process.argv[2];
const server = createServer();
let broadcast, count, buffered;

const event = () => {
  const t = process.hrtime.bigint();
  const head = `{"t":${t},"pad":"`;
  return head + "x".repeat(410 - 2 - head.length) + '"}';
};

if (kind === "ws") {
  const { WebSocketServer, Sender } = require("ws");
  const wss = new WebSocketServer({ server, perMessageDeflate: false });
  broadcast = () => {
    const data = Buffer.from(`42/bench,["e",${event()}]`);
    const frame = Buffer.concat(Sender.frame(data, { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: false }));
    for (const client of wss.clients) client._socket.write(frame);
  };
  count = () => wss.clients.size;
  buffered = () => { for (const client of wss.clients) return client._socket.writableLength; return 0; };
} else {
  const { Server } = require("socket.io");
  const io = new Server(server, kind === "socket.io-plain" ? { perMessageDeflate: false, httpCompression: false } : {});
  const bench = io.of("/bench");
  bench.on("connection", () => {});
  broadcast = () => bench.emit("e", { t: Number(process.hrtime.bigint()), pad: "x".repeat(380) });
  count = () => bench.sockets.size;
  buffered = () => {
    for (const [, socket] of bench.sockets) return socket.conn.transport.socket?._socket?.writableLength ?? 0;
    return 0;
  };
}

server.listen(0, "127.0.0.1", () => console.log("listening " + server.address().port));

const report = (events, cpu, begun) => {
  const used = process.cpuUsage(cpu);
  const us = used.user + used.system;
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  const deliveries = events * count();
  console.log(JSON.stringify({ events, deliveries, seconds, cpu_us: us / deliveries, cpu_part: us / 1e6 / seconds,
                               resident: process.memoryUsage().rss }));
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [, rate, seconds] = line.split(" ").map(Number);
  const begun = process.hrtime.bigint(), cpu = process.cpuUsage();
  let events = 0;
  const elapsed = () => Number(process.hrtime.bigint() - begun) / 1e9;
  const step = () => {
    if (elapsed() >= seconds) return report(events, cpu, begun);
    if (rate > 0) {
      while (elapsed() * rate >= events) { broadcast(); events++; }
      setTimeout(step, Math.max(1, (events / rate - elapsed()) * 1000));
    } else {
      if (buffered() < 32768) for (let i = 0; i < 8; i++, events++) broadcast();
      setImmediate(step);
    }
  };
  step();
}).on("close", () => process.exit(0));
