import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { binary } from "./binary.js";

export { binary };

/** An emulated KMS with request quotas, in a process of its own on a free port of 127.0.0.1. */
export class Emulator {
  #child;
  #limits;
  #faults;
  #changed = new Set();

  /** Starts one; see index.d.ts for the options. */
  static async start({ quotas = {}, region = "us-east-1", args = [] } = {}) {
    const options = Object.entries(quotas).flatMap(([pool, limit]) => ["--quota", `${pool}=${limit}`]);
    const command = ["serve", "--listen", "127.0.0.1:0", "--region", region, ...options, ...args];
    const child = spawn(binary(), command, { stdio: ["ignore", "pipe", "pipe"] });
    const emulator = new Emulator();
    emulator.#child = child;
    emulator.region = region;
    let said = "";
    child.stderr.on("data", (chunk) => (said += chunk));
    emulator.endpoint = await new Promise((resolve, reject) => {
      const failed = (why) => reject(new Error(`keystorm ${command.join(" ")}: ${why}`));
      child.on("error", (error) => failed(error.message));
      child.on("close", () => failed(said.trim()));
      const lines = createInterface({ input: child.stdout });
      lines.on("line", (line) => {
        if (line.startsWith("listening on ")) resolve(line.slice("listening on ".length).trim());
      });
    });
    // The tests' end is the server's, whatever else keeps it alive.
    process.once("exit", () => child.kill());
    try {
      emulator.#limits = (await emulator.admin("GET", "quotas")).limits;
      emulator.#faults = await emulator.admin("GET", "faults");
    } catch (error) {
      await emulator.stop();
      throw error;
    }
    return emulator;
  }

  /** Asks an admin path (health, quotas, faults, clock, state, reset …) and gives its JSON; refusals are thrown. */
  async admin(method, path, body) {
    const answer = await fetch(`${this.endpoint}/_keystorm/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${told.error}`);
    return told;
  }

  /** Sets limits of request quotas, `{ symmetric: "5/s" }`, until the next reset. */
  async quotas(limits) {
    await this.admin("PUT", "quotas", limits);
    Object.keys(limits).forEach((pool) => this.#changed.add(pool));
  }

  /** Sets the faults, `{ kind: "throttle", next: 2 }`, in the words of a scenario, until the next reset. */
  async faults(...faults) {
    await this.admin("PUT", "faults", { faults });
  }

  /** Moves the service's clock ahead, `"7d"`: deletions, rotations and expiries follow. It never goes back. */
  async advance(span) {
    await this.admin("POST", "clock", { advance: span });
  }

  /** Removes every key, alias and grant, and gives back the limits and faults that it was started with. */
  async reset() {
    await this.admin("POST", "reset", {});
    if (this.#faults.faults.length > 0) await this.admin("PUT", "faults", this.#faults);
    else await this.admin("DELETE", "faults");
    await this.admin("POST", "clock", { freeze: false });
    if (this.#changed.size > 0) {
      await this.admin("PUT", "quotas", Object.fromEntries([...this.#changed].map((pool) => [pool, this.#limits[pool]])));
      this.#changed.clear();
    }
  }

  /** Environment variables by which any AWS SDK or the AWS CLI calls this KMS, and no other service of AWS. */
  get env() {
    return {
      AWS_ENDPOINT_URL_KMS: this.endpoint,
      AWS_REGION: this.region,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_EC2_METADATA_DISABLED: "true",
    };
  }

  /** What `new KMSClient(…)` takes. */
  get config() {
    return {
      endpoint: this.endpoint,
      region: this.region,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    };
  }

  /** Ends the process. A second time does nothing. */
  async stop() {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill();
    await ended;
  }
}
