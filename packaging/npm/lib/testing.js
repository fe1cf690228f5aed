import { Emulator } from "./index.js";

/**
 * For vitest (with `globals: true`), jest or mocha: starts an emulated KMS before the first test of the file or block,
 * empties it before each, stops it after the last. Gives an object whose properties are the emulator's while tests run.
 * `hooks` replaces the runner's globals, for vitest without them and for node:test.
 */
export function useKms(options = {}, hooks = globalThis) {
  const { beforeAll = hooks.before, beforeEach, afterAll = hooks.after } = hooks;
  if (!beforeAll || !beforeEach || !afterAll) {
    throw new Error(
      "useKms finds no beforeAll, beforeEach and afterAll: give them, as in useKms({}, { beforeAll, beforeEach, afterAll })",
    );
  }
  let running;
  beforeAll(async () => {
    running = await Emulator.start(options);
  });
  beforeEach(async () => {
    await running.reset();
  });
  afterAll(async () => {
    await running?.stop();
  });
  return new Proxy(
    {},
    {
      get(_, name) {
        if (!running) throw new Error(`kms.${String(name)} is there while tests run, not before`);
        const value = running[name];
        return typeof value === "function" ? value.bind(running) : value;
      },
    },
  );
}
