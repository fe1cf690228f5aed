"""One run on a Dask cluster: python on_dask.py scenario.yaml shared result [SHARES [SCHEDULER]]

`shared` is a folder that all workers see, and keystorm is on each one's PATH. Without a scheduler's address this machine is
the cluster. What a task says of itself is not believed: `merge` judges by the cells that are there.
"""
import subprocess
import sys

from dask.distributed import Client, wait


def share(index, scenario, shared, shares):
    out = f"{shared}/{index}-of-{shares}"
    line = ["keystorm", "run", scenario, "--threads", "1", "--shard", f"{index}/{shares}", "-o", out]
    return subprocess.run(line).returncode


if __name__ == "__main__":
    scenario, shared, result = sys.argv[1:4]
    shares = int(sys.argv[4]) if len(sys.argv) > 4 else 8
    with Client(*sys.argv[5:6], **({} if sys.argv[5:] else {"dashboard_address": None})) as client:
        indices = range(1, shares + 1)
        wait(client.map(share, indices, scenario=scenario, shared=shared, shares=shares, pure=False))
    sys.exit(subprocess.run(["keystorm", "merge", shared, "-o", result]).returncode)
