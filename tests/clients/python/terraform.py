"""The calls by which Terraform's AWS provider makes a key and waits until what it set is what it reads, through boto3.

Says what went wrong and exits 1. Source: the provider's documentation and public logs of it; nothing of it is copied.
"""

import datetime
import json
import os

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

KMS = boto3.client("kms", region_name="eu-west-1", config=Config(retries={"max_attempts": 1, "mode": "standard"}))


def polled(what, read, wanted):
    """The provider asks until it reads what it set; here the first answer must be it."""
    seen = read()
    assert seen == wanted, f"{what}: {seen!r} instead of {wanted!r}"


def metadata(key):
    return KMS.describe_key(KeyId=key)["KeyMetadata"]


def policy_of(key):
    return json.loads(KMS.get_key_policy(KeyId=key, PolicyName="default")["Policy"])


def aws_kms_key():
    statement = {"Sid": "Root", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                 "Action": "kms:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Id": "key", "Statement": [statement]}
    made = KMS.create_key(BypassPolicyLockoutSafetyCheck=False, CustomerMasterKeySpec="SYMMETRIC_DEFAULT",
                          KeyUsage="ENCRYPT_DECRYPT", MultiRegion=False, Policy=json.dumps(policy),
                          Tags=[{"TagKey": "Name", "TagValue": "app"}])["KeyMetadata"]
    key = made["KeyId"]
    polled("state", lambda: metadata(key)["KeyState"], "Enabled")
    polled("policy", lambda: policy_of(key), policy)
    KMS.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    polled("rotation", lambda: KMS.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"], True)
    polled("period", lambda: KMS.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"], 180)
    KMS.update_key_description(KeyId=key, Description="changed")
    polled("description", lambda: metadata(key)["Description"], "changed")
    policy["Statement"].append({"Sid": "Others", "Effect": "Allow", "Principal": {"AWS": ["444455556666"]},
                                "Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": "*",
                                "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}})
    KMS.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy), BypassPolicyLockoutSafetyCheck=False)
    polled("changed policy", lambda: policy_of(key), policy)
    KMS.disable_key(KeyId=key)
    polled("disabled", lambda: metadata(key)["Enabled"], False)
    KMS.enable_key(KeyId=key)
    polled("enabled", lambda: metadata(key)["Enabled"], True)
    KMS.untag_resource(KeyId=key, TagKeys=["Name"])
    KMS.tag_resource(KeyId=key, Tags=[{"TagKey": "Team", "TagValue": "a"}])
    polled("tags", lambda: KMS.list_resource_tags(KeyId=key)["Tags"], [{"TagKey": "Team", "TagValue": "a"}])
    KMS.create_alias(AliasName="alias/terraform", TargetKeyId=key)
    listed = lambda: [each["TargetKeyId"] for page in KMS.get_paginator("list_aliases").paginate()
                      for each in page["Aliases"] if each["AliasName"] == "alias/terraform"]
    polled("alias", listed, [key])
    KMS.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    polled("deletion", lambda: metadata(key)["KeyState"], "PendingDeletion")


def aws_kms_external_key():
    key = KMS.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    polled("state", lambda: metadata(key)["KeyState"], "PendingImport")
    given = KMS.get_parameters_for_import(KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    public = serialization.load_der_public_key(given["PublicKey"])
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    material = public.encrypt(os.urandom(32), oaep)
    now = datetime.datetime.now(datetime.timezone.utc)
    for valid_to in (now.replace(microsecond=0) + datetime.timedelta(days=30),
                     now.replace(microsecond=123000) + datetime.timedelta(days=31)):
        KMS.import_key_material(KeyId=key, EncryptedKeyMaterial=material, ImportToken=given["ImportToken"],
                                ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=valid_to)
        polled("ValidTo", lambda: metadata(key)["ValidTo"], valid_to)
        polled("model", lambda: metadata(key)["ExpirationModel"], "KEY_MATERIAL_EXPIRES")
    KMS.import_key_material(KeyId=key, EncryptedKeyMaterial=material, ImportToken=given["ImportToken"],
                            ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
    polled("no ValidTo", lambda: metadata(key).get("ValidTo"), None)


def aws_kms_replica_key():
    key = KMS.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    made = KMS.replicate_key(KeyId=key, ReplicaRegion="eu-west-2")["ReplicaKeyMetadata"]
    assert made["KeyState"] == "Creating", made
    there = boto3.client("kms", region_name="eu-west-2")
    polled("replica", lambda: there.describe_key(KeyId=key)["KeyMetadata"]["KeyState"], "Enabled")


try:
    KMS.describe_key(KeyId="alias/terraform")
    raise AssertionError("there is an alias before it was made")
except ClientError as error:
    assert error.response["Error"]["Code"] == "NotFoundException", error
aws_kms_key()
aws_kms_external_key()
aws_kms_replica_key()
print("applied")
