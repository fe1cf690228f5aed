"""One run on a Ray cluster: python on_ray.py scenario.yaml shared result [SHARES]

`shared` is a folder that all nodes see, and keystorm is on each node's PATH. What a task says of itself is not believed:
`merge` judges by the cells that are there.
"""
import subprocess
import sys

import ray

scenario, shared, result = sys.argv[1:4]
shares = int(sys.argv[4]) if len(sys.argv) > 4 else 8


@ray.remote(num_cpus=1, max_retries=3)
def share(index):
    out = f"{shared}/{index}-of-{shares}"
    line = ["keystorm", "run", scenario, "--threads", "1", "--shard", f"{index}/{shares}", "-o", out]
    return subprocess.run(line).returncode


ray.init()
ray.wait([share.remote(index) for index in range(1, shares + 1)], num_returns=shares)
sys.exit(subprocess.run(["keystorm", "merge", shared, "-o", result]).returncode)
