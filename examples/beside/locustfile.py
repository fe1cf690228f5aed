"""The load of docs/comparison.md for Locust: Decrypt, once a second by each user, against the emulated KMS."""

import base64
import json

import requests
from locust import FastHttpUser, constant_throughput, events, task

HEADERS = {"content-type": "application/x-amz-json-1.1"}
WHAT = {}


def ask(host, operation, body):
    headers = HEADERS | {"x-amz-target": f"TrentService.{operation}"}
    answer = requests.post(host, headers=headers, data=json.dumps(body), timeout=10)
    answer.raise_for_status()
    return answer.json()


@events.test_start.add_listener
def make_ciphertext(environment, **_):
    key = ask(environment.host, "CreateKey", {})["KeyMetadata"]["KeyId"]
    plain = base64.b64encode(b"0" * 32).decode()
    WHAT["body"] = {"CiphertextBlob": ask(environment.host, "Encrypt", {"KeyId": key, "Plaintext": plain})["CiphertextBlob"]}


class Service(FastHttpUser):
    wait_time = constant_throughput(1)

    @task
    def decrypt(self):
        headers = HEADERS | {"x-amz-target": "TrentService.Decrypt"}
        self.client.post("/", headers=headers, json=WHAT["body"], name="Decrypt")
