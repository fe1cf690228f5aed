/** The path of the native command. */
export function binary(): string;

export interface EmulatorOptions {
  /** Limits of request quotas, `{ symmetric: "50/s" }`; the rest keep the Region's published defaults. */
  quotas?: Record<string, string>;
  /** The Region of calls that are signed for none; "us-east-1". */
  region?: string;
  /** Further options of `keystorm serve`. */
  args?: string[];
}

/** An emulated KMS with request quotas, in a process of its own on a free port of 127.0.0.1. */
export class Emulator {
  private constructor();
  /** Starts one. Rejects with what the command says if it cannot. */
  static start(options?: EmulatorOptions): Promise<Emulator>;
  readonly endpoint: string;
  readonly region: string;
  /** What `new KMSClient(…)` takes. */
  readonly config: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  /** Environment variables by which any AWS SDK or the AWS CLI calls this KMS. */
  readonly env: Record<string, string>;
  /** Asks an admin path and gives its JSON. */
  admin(method: string, path: string, body?: unknown): Promise<any>;
  /** Sets limits of request quotas until the next reset. */
  quotas(limits: Record<string, string>): Promise<void>;
  /** Sets the faults until the next reset, in the words of a scenario. */
  faults(...faults: object[]): Promise<void>;
  /** Moves the service's clock ahead, by "7d" for example. */
  advance(span: string): Promise<void>;
  /** Empties it and gives back the limits and faults that it was started with. */
  reset(): Promise<void>;
  /** Ends the process. */
  stop(): Promise<void>;
}
