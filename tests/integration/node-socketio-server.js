// SPDX-License-Identifier: GPL-3.0-or-later
// npm's Socket.IO server, answering crown-socket-client as python-socketio-server.py does.
const { createServer } = require("http");
const { Server } = require("socket.io");

const server = createServer();
const io = new Server(server, { pingInterval: 1000, pingTimeout: 2000 });

for (const name of ["/", "/tasks", "/closed"]) {
  const namespace = io.of(name);
  namespace.use((socket, next) => {
    if (socket.handshake.auth.token !== "secret") return next(new Error("wrong token"));
    if (name === "/closed") return next(new Error("not today"));
    next();
  });
  namespace.on("connection", (socket) => {
    socket.on("echo", (text) => {
      socket.emit("echoed", text, { n: 1.5 });
      socket.emit("bytes", { a: Buffer.from("first"), b: [Buffer.from("second")] });
    });
    socket.on("sum", (numbers, ack) => {
      for (let i = 0; i < 100; i++) socket.emit("count", i);
      ack(numbers.reduce((sum, n) => sum + n, 0), "done");
      socket.emit("bye", socket.conn.transport.name);
    });
  });
}
server.listen(0, "127.0.0.1", () => console.log(`listening http://127.0.0.1:${server.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
