// The JavaScript SDK under a clock that is KEYSTORM_SHIFT_MS wrong; prints how many attempts the call took.

const shift = Number(process.env.KEYSTORM_SHIFT_MS);
const RightDate = Date;
globalThis.Date = class extends RightDate {
  constructor(...given) {
    super(...(given.length ? given : [RightDate.now() + shift]));
  }
  static now() {
    return RightDate.now() + shift;
  }
};
const { GenerateRandomCommand, KMSClient } = await import("@aws-sdk/client-kms");

const kms = new KMSClient({ region: "eu-west-1", maxAttempts: 3 });
let attempts = 0;
kms.middlewareStack.add((next) => (args) => {
  attempts += 1;
  return next(args);
}, { step: "finalizeRequest", priority: "low" });
const answer = await kms.send(new GenerateRandomCommand({ NumberOfBytes: 8 }));
if (answer.Plaintext.length !== 8) throw new Error("no random bytes");
console.log(attempts);
