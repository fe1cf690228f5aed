"""Whether the files of a folder are what their launchers take: check.py FOLDER

Kubernetes' own kinds are held to the JSON Schemas of its API, strictly, so that a key that nobody knows is an error. A JobSet
is held to the keys of its own API (jobset.x-k8s.io/v1alpha2, its reference, 2026-11-30), and each of its Jobs to Kubernetes'.
Files for AWS are held to the models of boto3. Prints how many documents of each kind there are.
"""
import collections
import json
import pathlib
import sys

import boto3
import kubernetes_validate
import yaml
from botocore.validate import ParamValidator

KUBERNETES = "1.33"
JOBSET = {
    "replicatedJobs", "network", "successPolicy", "failurePolicy", "startupPolicy", "suspend", "coordinator", "managedBy",
    "ttlSecondsAfterFinished",
}
OF_JOBSET = {
    "network": {"enableDNSHostnames", "subdomain", "publishNotReadyAddresses"},
    "successPolicy": {"operator", "targetReplicatedJobs"},
    "failurePolicy": {"maxRestarts", "restartStrategy", "rules"},
    "startupPolicy": {"startupPolicyOrder"},
}
REPLICATED_JOB = {"name", "replicas", "template", "dependsOn", "groupName"}
AWS = {
    "batch-job-definition.json": ("batch", "RegisterJobDefinition"),
    "batch-submit.json": ("batch", "SubmitJob"),
    "ecs-task-definition.json": ("ecs", "RegisterTaskDefinition"),
}


def known(what, keys, allowed):
    unknown = set(keys) - allowed
    if unknown:
        raise SystemExit(f"{what}: nobody knows {sorted(unknown)}")


def jobset(document):
    spec = document["spec"]
    known("JobSet", document, {"apiVersion", "kind", "metadata", "spec"})
    known("JobSet.spec", spec, JOBSET)
    for name, allowed in OF_JOBSET.items():
        known(f"JobSet.spec.{name}", spec.get(name, {}), allowed)
    names = [job["name"] for job in spec["replicatedJobs"]]
    known("JobSet.spec.successPolicy.targetReplicatedJobs", spec.get("successPolicy", {}).get("targetReplicatedJobs", []), set(names))
    for job in spec["replicatedJobs"]:
        known("JobSet.spec.replicatedJobs", job, REPLICATED_JOB)
        known("JobSet.spec.replicatedJobs.template", job["template"], {"metadata", "spec"})
        plain({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": job["name"]}, **job["template"]})


def plain(document):
    kubernetes_validate.validate(document, KUBERNETES, strict=True)


def main():
    folder, kinds = pathlib.Path(sys.argv[1]), collections.Counter()
    for path in sorted(folder.glob("kubernetes*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            try:
                (jobset if document["kind"] == "JobSet" else plain)(document)
            except kubernetes_validate.ValidationError as error:
                raise SystemExit(f"{path.name}: {document['kind']}: {error.message} at {list(error.path)}")
            kinds[document["kind"]] += 1
    for name, (service, operation) in AWS.items():
        model = boto3.client(service, region_name="us-east-1").meta.service_model.operation_model(operation)
        report = ParamValidator().validate(json.loads((folder / name).read_text()), model.input_shape)
        if report.has_errors():
            raise SystemExit(f"{name}: {report.generate_report()}")
        kinds[operation] += 1
    print(json.dumps(kinds, sort_keys=True))


if __name__ == "__main__":
    main()
