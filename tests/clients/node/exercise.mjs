// The JavaScript SDK and its Encryption SDK against the endpoint in AWS_ENDPOINT_URL.
// Says what went wrong and exits 1, or prints the operations that were called as JSON and exits 0.

import assert from "node:assert/strict";
import { createPublicKey, verify as verifySignature } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  CancelKeyDeletionCommand, CreateAliasCommand, CreateKeyCommand, DecryptCommand, DescribeKeyCommand,
  DisableKeyCommand, EncryptCommand, GenerateDataKeyCommand, GenerateDataKeyPairCommand, GenerateMacCommand,
  GenerateRandomCommand, GetPublicKeyCommand, KMS, KMSClient, paginateListKeys, ScheduleKeyDeletionCommand,
  SignCommand, VerifyCommand, VerifyMacCommand,
} from "@aws-sdk/client-kms";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import {
  buildClient, CommitmentPolicy, getClient, getLocalCryptographicMaterialsCache, KmsKeyringNode,
  NodeCachingMaterialsManager,
} from "@aws-crypto/client-node";

const called = new Set();
const region = "eu-west-1";
const exchange = process.env.KEYSTORM_EXCHANGE;
const kms = new KMSClient({ region, maxAttempts: 1 });
kms.middlewareStack.add((next, context) => (args) => {
  called.add(context.commandName.replace(/Command$/, ""));
  return next(args);
}, { step: "initialize" });
const send = (command) => kms.send(command);
const refused = (code, command) => assert.rejects(send(command), (error) => {
  assert.equal(error.name, code, `${error.name}: ${error.message}`);
  return true;
});

const who = await new STSClient({ region }).send(new GetCallerIdentityCommand({}));
assert.equal(who.Account, "123456789012");

const { KeyMetadata: key } = await send(new CreateKeyCommand({ Description: "for JavaScript" }));
await send(new CreateAliasCommand({ AliasName: "alias/javascript", TargetKeyId: key.KeyId }));
const EncryptionContext = { tenant: "café" };
const plaintext = Buffer.from("a secret");
const { CiphertextBlob } = await send(
  new EncryptCommand({ KeyId: "alias/javascript", Plaintext: plaintext, EncryptionContext }),
);
const opened = await send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
assert.deepEqual(Buffer.from(opened.Plaintext), plaintext);
await refused("InvalidCiphertextException", new DecryptCommand({ CiphertextBlob }));
await refused("NotFoundException", new EncryptCommand({ KeyId: "alias/nothing", Plaintext: plaintext }));
await refused("ValidationException", new GenerateRandomCommand({ NumberOfBytes: 2000 }));
const data = await send(new GenerateDataKeyCommand({ KeyId: key.KeyId, KeySpec: "AES_256" }));
assert.equal(data.CiphertextBlob.length, 184);
assert.equal((await send(new GenerateRandomCommand({ NumberOfBytes: 9 }))).Plaintext.length, 9);
assert.equal(new Set([...(await send(new DescribeKeyCommand({ KeyId: key.Arn }))).KeyMetadata.KeyId]).size > 5, true);

const { KeyMetadata: signer } = await send(new CreateKeyCommand({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" }));
const SigningAlgorithm = "ECDSA_SHA_256";
const { Signature } = await send(new SignCommand({ KeyId: signer.KeyId, Message: plaintext, SigningAlgorithm }));
const { PublicKey } = await send(new GetPublicKeyCommand({ KeyId: signer.KeyId }));
const publicKey = createPublicKey({ key: Buffer.from(PublicKey), format: "der", type: "spki" });
assert.equal(verifySignature("sha256", plaintext, publicKey, Signature), true);
const verified = await send(
  new VerifyCommand({ KeyId: signer.KeyId, Message: plaintext, Signature, SigningAlgorithm }),
);
assert.equal(verified.SignatureValid, true);
const { KeyMetadata: mac } = await send(new CreateKeyCommand({ KeySpec: "HMAC_384", KeyUsage: "GENERATE_VERIFY_MAC" }));
const MacAlgorithm = "HMAC_SHA_384";
const { Mac } = await send(new GenerateMacCommand({ KeyId: mac.KeyId, Message: plaintext, MacAlgorithm }));
assert.equal((await send(new VerifyMacCommand({ KeyId: mac.KeyId, Message: plaintext, Mac, MacAlgorithm }))).MacValid, true);
const pair = await send(new GenerateDataKeyPairCommand({ KeyId: key.KeyId, KeyPairSpec: "ECC_NIST_EDWARDS25519" }));
assert.equal(createPublicKey({ key: Buffer.from(pair.PublicKey), format: "der", type: "spki" }).asymmetricKeyType, "ed25519");

await send(new DisableKeyCommand({ KeyId: mac.KeyId }));
await refused("DisabledException", new GenerateMacCommand({ KeyId: mac.KeyId, Message: plaintext, MacAlgorithm }));
await send(new ScheduleKeyDeletionCommand({ KeyId: mac.KeyId, PendingWindowInDays: 7 }));
await send(new CancelKeyDeletionCommand({ KeyId: mac.KeyId }));
const listed = [];
for await (const page of paginateListKeys({ client: kms, pageSize: 1 }, {})) listed.push(...page.Keys);
assert.ok(listed.some((each) => each.KeyId === key.KeyId));

// Envelope encryption with caching; reads the message that the Python SDK left and leaves one for it.
const generatorKeyId = readFileSync(join(exchange, "key-arn"), "utf8");
const clientProvider = getClient(KMS, { region });
const keyring = new KmsKeyringNode({ generatorKeyId, clientProvider });
const manager = new NodeCachingMaterialsManager({
  backingMaterials: keyring, cache: getLocalCryptographicMaterialsCache(10), maxAge: 60000, maxMessagesEncrypted: 50,
});
const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
for (let n = 0; n < 20; n += 1) {
  const { result } = await encrypt(manager, `message ${n}`, { encryptionContext: { n: "1" } });
  assert.equal((await decrypt(manager, result)).plaintext.toString(), `message ${n}`);
}
const { plaintext: theirs } = await decrypt(keyring, readFileSync(join(exchange, "from-python")));
assert.equal(theirs.toString(), "message 19");
const { result } = await encrypt(keyring, "from JavaScript");
writeFileSync(join(exchange, "from-javascript"), result);
console.log(JSON.stringify([...called].sort()));
