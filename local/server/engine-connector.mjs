// Runs inside the engine's network namespace and hands connections out of it: for each message from the process that started
// it, it connects to the engine and passes the connected socket, whose bytes then go straight between the two. It holds
// nothing, and ends with that process. JavaScript and not TypeScript, because it also runs where nothing was bundled.

import { readlinkSync } from "node:fs";
import { connect } from "node:net";
import process from "node:process";

const [port, outside] = process.argv.slice(2);

// A process id that was used again leads elsewhere: nothing outside the engine's namespace is the engine.
if (readlinkSync("/proc/self/ns/net") === outside) process.exit(1);

process.on("message", (id) => {
  const socket = connect({ host: "127.0.0.1", port: Number(port), noDelay: true });
  // What the engine sends is for the process that gets the socket.
  socket.pause();
  const failed = ({ code }) => process.send({ id, code });
  socket.once("error", failed);
  socket.once("connect", () => {
    socket.off("error", failed);
    process.send({ id }, socket);
  });
});
process.on("disconnect", () => process.exit(0));
