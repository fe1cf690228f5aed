// What sigstore does with a KMS key that is not there yet: look, make, name, look again, sign a digest with the first
// algorithm of the key. Says what went wrong and exits 1.

import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import { CreateAliasCommand, CreateKeyCommand, GetPublicKeyCommand, KMSClient, SignCommand } from "@aws-sdk/client-kms";

const kms = new KMSClient({ region: "eu-west-1", maxAttempts: 1 });
const KeyId = "alias/sigstore";
await assert.rejects(kms.send(new GetPublicKeyCommand({ KeyId })), (error) => {
  assert.equal(error.name, "NotFoundException", error.message);
  return true;
});
const made = await kms.send(new CreateKeyCommand({
  CustomerMasterKeySpec: "ECC_NIST_P256", Description: "Created by Sigstore", KeyUsage: "SIGN_VERIFY",
}));
assert.equal(made.KeyMetadata.KeySpec, "ECC_NIST_P256");
assert.equal(made.KeyMetadata.CustomerMasterKeySpec, "ECC_NIST_P256");
await kms.send(new CreateAliasCommand({ AliasName: KeyId, TargetKeyId: made.KeyMetadata.KeyId }));
const { PublicKey, SigningAlgorithms } = await kms.send(new GetPublicKeyCommand({ KeyId }));
assert.deepEqual(SigningAlgorithms, ["ECDSA_SHA_256"]);
const message = Buffer.from("an artifact");
const { Signature } = await kms.send(new SignCommand({
  KeyId, Message: createHash("sha256").update(message).digest(), MessageType: "DIGEST", SigningAlgorithm: SigningAlgorithms[0],
}));
const key = createPublicKey({ key: Buffer.from(PublicKey), format: "der", type: "spki" });
assert.equal(verify("sha256", message, key, Signature), true);
console.log("signed");
