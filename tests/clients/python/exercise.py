"""Every operation of the KMS API through boto3, against the endpoint in AWS_ENDPOINT_URL.

Says what went wrong and exits 1, or prints the operations that were called as JSON and exits 0.
"""

import hashlib
import hmac
import json
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

CALLED = set()


def client(service="kms", region="eu-west-1"):
    made = boto3.client(service, region_name=region, config=Config(retries={"max_attempts": 1, "mode": "standard"}))
    if service == "kms":
        made.meta.events.register("before-call.kms", lambda model, **_: CALLED.add(model.name))
    return made


def refused(code, call, **members):
    """The call is refused with `code`; gives the sentence."""
    try:
        call(**members)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error.response["Error"]["Message"]
    raise AssertionError(f"{call.__name__} was not refused with {code}")


def key(kms, **members):
    return kms.create_key(**members)["KeyMetadata"]["KeyId"]


def symmetric(kms):
    name = kms.create_key(Description="for boto3", Tags=[{"TagKey": "team", "TagValue": "storage"}])["KeyMetadata"]
    assert name["Arn"].startswith("arn:aws:kms:eu-west-1:"), name
    assert (name["KeyState"], name["KeySpec"], name["Origin"]) == ("Enabled", "SYMMETRIC_DEFAULT", "AWS_KMS")
    it = name["KeyId"]
    for size, blob in ((16, 168), (32, 184), (4096, 4258)):
        sealed = kms.encrypt(KeyId=it, Plaintext=os.urandom(size), EncryptionContext={"a": "1"})["CiphertextBlob"]
        assert len(sealed) == blob, (size, len(sealed))
    secret = os.urandom(100)
    sealed = kms.encrypt(KeyId=it, Plaintext=secret, EncryptionContext={"a": "1"})["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "1"})
    assert opened["Plaintext"] == secret and opened["KeyId"] == name["Arn"], opened
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=sealed, EncryptionContext={"a": "2"})
    other = key(kms)
    refused("IncorrectKeyException", kms.decrypt, CiphertextBlob=sealed, EncryptionContext={"a": "1"}, KeyId=other)
    refused("DryRunOperationException", kms.encrypt, KeyId=it, Plaintext=b"x", DryRun=True)
    moved = kms.re_encrypt(
        CiphertextBlob=sealed, SourceEncryptionContext={"a": "1"}, DestinationKeyId=other,
        DestinationEncryptionContext={"b": "2"},
    )
    assert kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"b": "2"})["Plaintext"] == secret
    data = kms.generate_data_key(KeyId=it, KeySpec="AES_256")
    assert len(data["Plaintext"]) == 32 and len(data["CiphertextBlob"]) == 184
    assert kms.decrypt(CiphertextBlob=data["CiphertextBlob"])["Plaintext"] == data["Plaintext"]
    bare = kms.generate_data_key_without_plaintext(KeyId=it, NumberOfBytes=64)
    assert "Plaintext" not in bare and len(kms.decrypt(CiphertextBlob=bare["CiphertextBlob"])["Plaintext"]) == 64
    assert len(kms.generate_random(NumberOfBytes=77)["Plaintext"]) == 77
    pair = kms.generate_data_key_pair(KeyId=it, KeyPairSpec="ECC_NIST_P256")
    private = serialization.load_der_private_key(pair["PrivateKeyPlaintext"], None)
    public = serialization.load_der_public_key(pair["PublicKey"])
    public.verify(private.sign(b"m", ec.ECDSA(hashes.SHA256())), b"m", ec.ECDSA(hashes.SHA256()))
    pair = kms.generate_data_key_pair_without_plaintext(KeyId=it, KeyPairSpec="RSA_2048")
    private = kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"])["Plaintext"]
    assert serialization.load_der_private_key(private, None).key_size == 2048
    return it


def lifecycle(kms, it):
    kms.update_key_description(KeyId=it, Description="changed")
    assert kms.describe_key(KeyId=it)["KeyMetadata"]["Description"] == "changed"
    kms.tag_resource(KeyId=it, Tags=[{"TagKey": "stage", "TagValue": "test"}])
    kms.untag_resource(KeyId=it, TagKeys=["team"])
    assert kms.list_resource_tags(KeyId=it)["Tags"] == [{"TagKey": "stage", "TagValue": "test"}]
    kms.disable_key(KeyId=it)
    refused("DisabledException", kms.encrypt, KeyId=it, Plaintext=b"x")
    kms.enable_key(KeyId=it)
    kms.enable_key_rotation(KeyId=it, RotationPeriodInDays=100)
    status = kms.get_key_rotation_status(KeyId=it)
    assert status["KeyRotationEnabled"] and status["RotationPeriodInDays"] == 100, status
    sealed = kms.encrypt(KeyId=it, Plaintext=b"old")["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=it)
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"old"
    assert [turn["RotationType"] for turn in kms.list_key_rotations(KeyId=it)["Rotations"]] == ["ON_DEMAND"]
    kms.disable_key_rotation(KeyId=it)
    policy = json.loads(kms.get_key_policy(KeyId=it)["Policy"])
    assert policy["Statement"][0]["Action"] == "kms:*", policy
    assert kms.list_key_policies(KeyId=it)["PolicyNames"] == ["default"]
    policy["Statement"].append({
        "Sid": "Nobody", "Effect": "Deny", "Principal": "*", "Action": "kms:GenerateDataKeyWithoutPlaintext",
        "Resource": "*",
    })
    kms.put_key_policy(KeyId=it, Policy=json.dumps(policy))
    said = refused("AccessDeniedException", kms.generate_data_key_without_plaintext, KeyId=it, KeySpec="AES_256")
    assert "kms:GenerateDataKeyWithoutPlaintext" in said and it in said, said
    usage = kms.get_key_last_usage(KeyId=it)
    assert usage["KeyId"].endswith(it), usage
    gone = key(kms)
    assert kms.schedule_key_deletion(KeyId=gone, PendingWindowInDays=7)["KeyState"] == "PendingDeletion"
    refused("KMSInvalidStateException", kms.encrypt, KeyId=gone, Plaintext=b"x")
    kms.cancel_key_deletion(KeyId=gone)
    assert kms.describe_key(KeyId=gone)["KeyMetadata"]["KeyState"] == "Disabled"
    listed = {each["KeyId"] for page in kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2})
              for each in page["Keys"]}
    assert {it, gone} <= listed, listed


def aliases_and_grants(kms, it):
    kms.create_alias(AliasName="alias/boto3", TargetKeyId=it)
    refused("AlreadyExistsException", kms.create_alias, AliasName="alias/boto3", TargetKeyId=it)
    sealed = kms.encrypt(KeyId="alias/boto3", Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed, KeyId="alias/boto3")["Plaintext"] == b"x"
    second = key(kms)
    kms.update_alias(AliasName="alias/boto3", TargetKeyId=second)
    refused("IncorrectKeyException", kms.decrypt, CiphertextBlob=sealed, KeyId="alias/boto3")
    assert "alias/boto3" in [each["AliasName"] for each in kms.list_aliases(KeyId=second)["Aliases"]]
    kms.delete_alias(AliasName="alias/boto3")
    refused("NotFoundException", kms.encrypt, KeyId="alias/boto3", Plaintext=b"x")
    app = "arn:aws:iam::123456789012:role/app"
    first = kms.create_grant(KeyId=it, GranteePrincipal=app, RetiringPrincipal=app, Operations=["Decrypt", "Encrypt"])
    again = kms.create_grant(KeyId=it, GranteePrincipal=app, Operations=["Decrypt"], Name="one")
    same = kms.create_grant(KeyId=it, GranteePrincipal=app, Operations=["Decrypt"], Name="one")
    assert same["GrantId"] == again["GrantId"] and same["GrantToken"] != ""
    assert len(kms.list_grants(KeyId=it)["Grants"]) == 2
    assert [each["GrantId"] for each in kms.list_retirable_grants(RetiringPrincipal=app)["Grants"]] == [first["GrantId"]]
    kms.retire_grant(GrantToken=first["GrantToken"])
    kms.revoke_grant(KeyId=it, GrantId=again["GrantId"])
    assert kms.list_grants(KeyId=it)["Grants"] == []


def asymmetric(kms):
    rsa = key(kms, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=rsa)["PublicKey"])
    signed = kms.sign(KeyId=rsa, Message=b"m", SigningAlgorithm="RSASSA_PSS_SHA_256")["Signature"]
    public.verify(signed, b"m", padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    digest = hashlib.sha384(b"m").digest()
    signed = kms.sign(KeyId=rsa, Message=digest, MessageType="DIGEST", SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_384")
    public.verify(signed["Signature"], digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA384()))
    for spec, algorithm, hashed in (("ECC_NIST_P256", "ECDSA_SHA_256", hashes.SHA256()),
                                    ("ECC_NIST_P384", "ECDSA_SHA_384", hashes.SHA384()),
                                    ("ECC_NIST_P521", "ECDSA_SHA_512", hashes.SHA512()),
                                    ("ECC_SECG_P256K1", "ECDSA_SHA_256", hashes.SHA256())):
        it = key(kms, KeySpec=spec, KeyUsage="SIGN_VERIFY")
        signed = kms.sign(KeyId=it, Message=b"m", SigningAlgorithm=algorithm)["Signature"]
        serialization.load_der_public_key(kms.get_public_key(KeyId=it)["PublicKey"]).verify(signed, b"m", ec.ECDSA(hashed))
        assert kms.verify(KeyId=it, Message=b"m", Signature=signed, SigningAlgorithm=algorithm)["SignatureValid"]
        refused("KMSInvalidSignatureException", kms.verify, KeyId=it, Message=b"n", Signature=signed,
                SigningAlgorithm=algorithm)
    edwards = key(kms, KeySpec="ECC_NIST_EDWARDS25519", KeyUsage="SIGN_VERIFY")
    signed = kms.sign(KeyId=edwards, Message=b"m", SigningAlgorithm="ED25519_SHA_512")["Signature"]
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=edwards)["PublicKey"])
    assert isinstance(public, ed25519.Ed25519PublicKey)
    public.verify(signed, b"m")
    lattice = key(kms, KeySpec="ML_DSA_65", KeyUsage="SIGN_VERIFY")
    signed = kms.sign(KeyId=lattice, Message=b"m", SigningAlgorithm="ML_DSA_SHAKE_256")["Signature"]
    assert len(signed) == 3309
    assert kms.verify(KeyId=lattice, Message=b"m", Signature=signed, SigningAlgorithm="ML_DSA_SHAKE_256")["SignatureValid"]
    oaep = key(kms, KeySpec="RSA_3072", KeyUsage="ENCRYPT_DECRYPT")
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=oaep)["PublicKey"])
    sealed = public.encrypt(b"secret", padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    opened = kms.decrypt(KeyId=oaep, CiphertextBlob=sealed, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    assert opened["Plaintext"] == b"secret"
    agree = key(kms, KeySpec="ECC_NIST_P384", KeyUsage="KEY_AGREEMENT")
    mine = ec.generate_private_key(ec.SECP384R1())
    theirs = serialization.load_der_public_key(kms.get_public_key(KeyId=agree)["PublicKey"])
    public = mine.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    shared = kms.derive_shared_secret(KeyId=agree, KeyAgreementAlgorithm="ECDH", PublicKey=public)["SharedSecret"]
    assert shared == mine.exchange(ec.ECDH(), theirs)
    kem = key(kms, KeySpec="ML_KEM_768", KeyUsage="ENCAPSULATE_DECAPSULATE")
    sent = kms.encapsulate(KeyId=kem, EncapsulationAlgorithm="ML_KEM")
    got = kms.decapsulate(KeyId=kem, EncapsulationAlgorithm="ML_KEM",
                          SharedSecretCiphertextBlob=sent["SharedSecretCiphertextBlob"])
    assert sent["SharedSecret"] == got["SharedSecret"] and len(got["SharedSecret"]) == 32
    mac = key(kms, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    tag = kms.generate_mac(KeyId=mac, Message=b"m", MacAlgorithm="HMAC_SHA_256")["Mac"]
    assert kms.verify_mac(KeyId=mac, Message=b"m", Mac=tag, MacAlgorithm="HMAC_SHA_256")["MacValid"]
    refused("KMSInvalidMacException", kms.verify_mac, KeyId=mac, Message=b"n", Mac=tag, MacAlgorithm="HMAC_SHA_256")


def imported(kms):
    it = key(kms, Origin="EXTERNAL")
    assert kms.describe_key(KeyId=it)["KeyMetadata"]["KeyState"] == "PendingImport"
    material = os.urandom(32)
    for algorithm, hashed in (("RSAES_OAEP_SHA_256", hashes.SHA256()), ("RSA_AES_KEY_WRAP_SHA_256", hashes.SHA256())):
        given = kms.get_parameters_for_import(KeyId=it, WrappingAlgorithm=algorithm, WrappingKeySpec="RSA_4096")
        wrapping = serialization.load_der_public_key(given["PublicKey"])
        oaep = padding.OAEP(padding.MGF1(hashed), hashed, None)
        if algorithm.startswith("RSA_AES"):
            aes = os.urandom(32)
            wrapped = wrapping.encrypt(aes, oaep) + aes_key_wrap_with_padding(aes, material)
        else:
            wrapped = wrapping.encrypt(material, oaep)
        kms.import_key_material(KeyId=it, ImportToken=given["ImportToken"], EncryptedKeyMaterial=wrapped,
                                ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
        sealed = kms.encrypt(KeyId=it, Plaintext=b"x")["CiphertextBlob"]
        kms.delete_imported_key_material(KeyId=it)
        refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=sealed)
    mac = key(kms, Origin="EXTERNAL", KeySpec="HMAC_512", KeyUsage="GENERATE_VERIFY_MAC")
    given = kms.get_parameters_for_import(KeyId=mac, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    material = os.urandom(64)
    wrapped = serialization.load_der_public_key(given["PublicKey"]).encrypt(
        material, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    kms.import_key_material(KeyId=mac, ImportToken=given["ImportToken"], EncryptedKeyMaterial=wrapped,
                            ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
    tag = kms.generate_mac(KeyId=mac, Message=b"m", MacAlgorithm="HMAC_SHA_512")["Mac"]
    assert tag == hmac.new(material, b"m", hashlib.sha512).digest()


def many_regions(kms):
    it = key(kms, MultiRegion=True)
    assert it.startswith("mrk-"), it
    there = client(region="us-west-2")
    made = kms.replicate_key(KeyId=it, ReplicaRegion="us-west-2")["ReplicaKeyMetadata"]
    assert made["Arn"].split(":")[3] == "us-west-2" and made["KeyId"] == it
    sealed = kms.encrypt(KeyId=it, Plaintext=b"x")["CiphertextBlob"]
    assert there.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    kms.update_primary_region(KeyId=it, PrimaryRegion="us-west-2")
    config = there.describe_key(KeyId=it)["KeyMetadata"]["MultiRegionConfiguration"]
    assert config["MultiRegionKeyType"] == "PRIMARY", config


def stores(kms):
    it = kms.create_custom_key_store(
        CustomKeyStoreName="hsm", CloudHsmClusterId="cluster-aaaabbbbccc", KeyStorePassword="kmsPswd1",
        TrustAnchorCertificate="-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    )["CustomKeyStoreId"]
    kms.connect_custom_key_store(CustomKeyStoreId=it)
    assert kms.describe_custom_key_stores(CustomKeyStoreId=it)["CustomKeyStores"][0]["ConnectionState"] == "CONNECTED"
    inside = key(kms, Origin="AWS_CLOUDHSM", CustomKeyStoreId=it)
    sealed = kms.encrypt(KeyId=inside, Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    kms.disconnect_custom_key_store(CustomKeyStoreId=it)
    refused("KMSInvalidStateException", kms.encrypt, KeyId=inside, Plaintext=b"x")
    refused("CustomKeyStoreHasCMKsException", kms.delete_custom_key_store, CustomKeyStoreId=it)
    kms.update_custom_key_store(CustomKeyStoreId=it, NewCustomKeyStoreName="hsm-2")
    empty = kms.create_custom_key_store(
        CustomKeyStoreName="empty", CloudHsmClusterId="cluster-aaaabbbbddd", KeyStorePassword="kmsPswd1",
        TrustAnchorCertificate="-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    )["CustomKeyStoreId"]
    kms.delete_custom_key_store(CustomKeyStoreId=empty)


def identity():
    sts = client("sts")
    assert sts.get_caller_identity()["Account"] == "123456789012"
    try:
        lent = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/app", RoleSessionName="boto3")["Credentials"]
    except ClientError as error:
        raise AssertionError(f"AssumeRole: {error}") from error
    assumed = boto3.client(
        "sts", region_name="eu-west-1", aws_access_key_id=lent["AccessKeyId"],
        aws_secret_access_key=lent["SecretAccessKey"], aws_session_token=lent["SessionToken"],
    ).get_caller_identity()
    assert assumed["Arn"] == "arn:aws:sts::123456789012:assumed-role/app/boto3", assumed


def envelopes(kms, it):
    """The AWS Encryption SDK, with its caching; leaves a message for the JavaScript one and reads the one it left."""
    import aws_encryption_sdk as esdk
    from aws_encryption_sdk.caches.local import LocalCryptoMaterialsCache
    from aws_encryption_sdk.key_providers.kms import StrictAwsKmsMasterKeyProvider
    from aws_encryption_sdk.materials_managers.caching import CachingCryptoMaterialsManager
    from aws_encryption_sdk.identifiers import CommitmentPolicy

    arn = kms.describe_key(KeyId=it)["KeyMetadata"]["Arn"]
    provider = StrictAwsKmsMasterKeyProvider(key_ids=[arn])
    manager = CachingCryptoMaterialsManager(
        master_key_provider=provider, cache=LocalCryptoMaterialsCache(10), max_age=60.0, max_messages_encrypted=50)
    sdk = esdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
    for n in range(20):
        sealed, _ = sdk.encrypt(source=f"message {n}".encode(), materials_manager=manager, encryption_context={"n": "1"})
        opened, _ = sdk.decrypt(source=sealed, materials_manager=manager)
        assert opened == f"message {n}".encode()
    exchange = os.environ["KEYSTORM_EXCHANGE"]
    with open(os.path.join(exchange, "from-python"), "wb") as out:
        out.write(sealed)
    with open(os.path.join(exchange, "key-arn"), "w") as out:
        out.write(arn)


def read_back(kms):
    import aws_encryption_sdk as esdk
    from aws_encryption_sdk.key_providers.kms import StrictAwsKmsMasterKeyProvider

    exchange = os.environ["KEYSTORM_EXCHANGE"]
    with open(os.path.join(exchange, "key-arn")) as kept:
        provider = StrictAwsKmsMasterKeyProvider(key_ids=[kept.read()])
    with open(os.path.join(exchange, "from-javascript"), "rb") as kept:
        opened, _ = esdk.EncryptionSDKClient().decrypt(source=kept.read(), key_provider=provider)
    assert opened == b"from JavaScript", opened


def main():
    kms = client()
    if sys.argv[1:] == ["read-back"]:
        read_back(kms)
    else:
        identity()
        it = symmetric(kms)
        lifecycle(kms, it)
        aliases_and_grants(kms, it)
        asymmetric(kms)
        imported(kms)
        many_regions(kms)
        stores(kms)
        envelopes(kms, it)
    print(json.dumps(sorted(CALLED)))


if __name__ == "__main__":
    main()
