// Runs in the engine's network namespace and passes connections out of it: for each message from its parent process it connects to the
// engine and passes the connected socket; the bytes then go directly between the two. It has no state, and ends with the parent.
// JavaScript and not TypeScript, because it also runs without a bundle.

import { readlinkSync } from "node:fs";
import { connect } from "node:net";
import process from "node:process";

const [port, outside] = process.argv.slice(2);

// A reused process id may lead to another namespace, where nothing is the engine.
if (readlinkSync("/proc/self/ns/net") === outside) process.exit(1);

process.on("message", (id) => {
  const socket = connect({ host: "127.0.0.1", port: Number(port), noDelay: true });
  // Data from the engine is for the process that gets the socket.
  socket.pause();
  const failed = ({ code }) => process.send({ id, code });
  socket.once("error", failed);
  socket.once("connect", () => {
    socket.off("error", failed);
    process.send({ id }, socket);
  });
});
process.on("disconnect", () => process.exit(0));
