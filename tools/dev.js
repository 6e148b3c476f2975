/**
 * Runs `serve.js` and ends with it, however either ends. `cargo xtask dev` builds, then becomes this.
 *
 * The server is in a process group of its own, with the runtimes it starts: once it has ended, none of them is left behind,
 * serving with the key. It holds the other end of a pipe, so that it ends when this process is killed.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** How long the server may take to stop, once it is told. */
const LONGEST_STOP_MS = 10_000;

// The runtimes' own files: those of one that is killed would stay.
const temporary = mkdtempSync(join(tmpdir(), "midapi-dev-"));
const server = spawn(
  process.execPath,
  [fileURLToPath(new URL("serve.js", import.meta.url)), ...process.argv.slice(2), "--temporary", temporary],
  { detached: true, stdio: ["pipe", "inherit", "inherit"], env: { ...process.env, TMPDIR: temporary } },
);
server.stdin.on("error", () => {});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    server.stdin.end();
    setTimeout(kill, LONGEST_STOP_MS);
  });
}

/** Ends the server and the runtimes it started, or those of them that are left. */
function kill() {
  try {
    process.kill(-server.pid, "SIGKILL");
  } catch {
    // None is.
  }
}

server.on("exit", (code, signal) => {
  kill();
  rmSync(temporary, { recursive: true, force: true });
  if (signal) console.error(`the server was ended by ${signal}`);
  process.exit(code ?? 1);
});
