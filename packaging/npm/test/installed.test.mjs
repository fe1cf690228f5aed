// What a project that has installed the package relies on. Run by packaging/try, with node's own runner, against what was built.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { after, before, beforeEach, describe, test } from "node:test";
import { CreateKeyCommand, DescribeKeyCommand, EncryptCommand, KMSClient, ListKeysCommand, ScheduleKeyDeletionCommand } from "@aws-sdk/client-kms";
import { Emulator, binary } from "keystorm";
import { useKms } from "keystorm/testing";

const command = "node_modules/.bin/keystorm";

test("the command runs, and its exit code is the command's", () => {
  assert.match(execFileSync(command, ["--version"], { encoding: "utf8" }), /^keystorm /);
  assert.equal(spawnSync(command, ["run", "--nonsense"]).status, 2);
  assert.match(binary(), /keystorm/);
});

test("without a binary it says what is missing", () => {
  const env = { ...process.env, KEYSTORM_BINARY: "absent/keystorm" };
  const said = spawnSync(command, ["--version"], { env, encoding: "utf8" });
  assert.equal(said.status, 1);
  assert.match(said.stderr, /KEYSTORM_BINARY names absent\/keystorm/);
});

test("a server that cannot start says why", async () => {
  await assert.rejects(Emulator.start({ quotas: { nothing: "5/s" } }), /`nothing` is not a key/);
});

test("without a runner's hooks it says how to give them", () => {
  assert.throws(() => useKms({}, {}), /useKms\(\{\}, \{ beforeAll/);
});

describe("a KMS for each test", () => {
  const kms = useKms({ region: "eu-west-1" }, { before, beforeEach, after });
  const client = () => new KMSClient({ ...kms.config, maxAttempts: 1 });
  const created = async (from) => (await from.send(new CreateKeyCommand({}))).KeyMetadata;
  const encrypt = (from, key) => from.send(new EncryptCommand({ KeyId: key.KeyId, Plaintext: Buffer.from("hello") }));

  test("quotas throttle", async () => {
    await kms.admin("POST", "clock", { freeze: true });
    await kms.quotas({ symmetric: "2/s" });
    const from = client();
    const key = await created(from);
    assert.match(key.Arn, /^arn:aws:kms:eu-west-1:/);
    await encrypt(from, key);
    await encrypt(from, key);
    await assert.rejects(encrypt(from, key), { name: "ThrottlingException" });
  });

  test("the next test begins empty, with the defaults", async () => {
    const from = client();
    assert.deepEqual((await from.send(new ListKeysCommand({}))).Keys, []);
    const key = await created(from);
    for (let i = 0; i < 10; i++) await encrypt(from, key);
  });

  test("faults come as asked and go with the test", async () => {
    await kms.faults({ kind: "throttle", next: 1 });
    await assert.rejects(client().send(new ListKeysCommand({})), { name: "ThrottlingException" });
    await kms.reset();
    assert.deepEqual(await kms.admin("GET", "faults"), { faults: [] });
  });

  test("time can be moved", async () => {
    const from = client();
    const { KeyId } = await created(from);
    await from.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    await kms.advance("8d");
    await assert.rejects(from.send(new DescribeKeyCommand({ KeyId })), { name: "NotFoundException" });
  });

  test("a refused admin call says why", async () => {
    await assert.rejects(kms.quotas({ nothing: "5/s" }), /nothing/);
  });
});
