"""Puts the files below a folder into a new bucket of moto's: bucket.py URL BUCKET PREFIX FOLDER."""

import pathlib
import sys

import boto3

url, bucket, prefix, folder = sys.argv[1:]
s3 = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
s3.create_bucket(Bucket=bucket)
for path in sorted(pathlib.Path(folder).rglob("*")):
    if path.is_file():
        s3.put_object(Bucket=bucket, Key=f"{prefix}/{path.relative_to(folder)}", Body=path.read_bytes())
print("put")
