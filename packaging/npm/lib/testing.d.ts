import type { Emulator, EmulatorOptions } from "./index.js";

export interface Hooks {
  beforeAll?: (run: () => Promise<void>) => unknown;
  before?: (run: () => Promise<void>) => unknown;
  beforeEach: (run: () => Promise<void>) => unknown;
  afterAll?: (run: () => Promise<void>) => unknown;
  after?: (run: () => Promise<void>) => unknown;
}

/** Starts an emulated KMS before the first test, empties it before each, stops it after the last. */
export function useKms(options?: EmulatorOptions, hooks?: Hooks): Omit<Emulator, "stop">;
