#!/usr/bin/env node
// Runs the native command: its streams, its signals and its exit code are this one's.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { binary } from "../lib/binary.js";

let path;
try {
  path = binary();
} catch (error) {
  console.error(`keystorm: ${error.message}`);
  process.exit(1);
}
const child = spawn(path, process.argv.slice(2), { stdio: "inherit" });
// A terminal sends its signals to both; whoever signals this process alone means the command.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => child.kill(signal));
}
child.on("error", (error) => {
  console.error(`keystorm: ${path}: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
