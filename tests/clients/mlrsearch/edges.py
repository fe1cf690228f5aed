"""Where does it break? MLRsearch asks, `keystorm run` measures: prints both sides of every edge as JSON.

Usage: edges.py KEYSTORM SCENARIO LENGTH_S WITHIN MIN_LOAD MAX_LOAD
"""

import json
import subprocess
import sys
import tempfile

from MLRsearch import AbstractMeasurer, Config, MeasurementResult, MultipleLossRatioSearch, SearchGoal


class Simulated(AbstractMeasurer):
    """One run of one strategy is one trial; `lost` says how many of its jobs count as lost."""

    def __init__(self, program, scenario, strategy, lost):
        self.program, self.scenario, self.strategy, self.lost = program, scenario, strategy, lost

    def measure(self, intended_duration, intended_load):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [
                    self.program, "run", self.scenario, "--strategy", self.strategy, "--json", "-q",
                    "--set", f"workloads.load.rate={intended_load:.3f}/s",
                    "--set", f"workloads.load.duration={round(intended_duration * 1000)}ms",
                    "--trials", "1", "-o", f"{folder}/run",
                ],
                stdout=subprocess.PIPE,
                check=False,
            )
        run = json.loads(done.stdout)
        offered = run["strategies"][0]["jobs"]["inWindow"]
        return MeasurementResult(
            intended_duration=intended_duration,
            intended_load=intended_load,
            offered_count=offered,
            loss_count=min(offered, self.lost(run)),
        )


def is_missed(run, name):
    (threshold,) = [each for each in run["thresholds"] if each["name"] == name]
    bound = float(threshold["expression"].split("<")[1].removesuffix("ms"))
    return threshold["value"] is None or threshold["value"] >= bound


def search(measurer, ratios, length, within, least, most):
    goals = [
        SearchGoal(
            loss_ratio=ratio, exceed_ratio=0.5, relative_width=within, initial_trial_duration=length / 16,
            final_trial_duration=length, duration_sum=length, preceding_targets=2,
        )
        for ratio in ratios
    ]
    config = Config()
    config.goals = goals
    config.min_load, config.max_load = least, most
    config.search_duration_max, config.warmup_duration = 3600.0, None
    found = MultipleLossRatioSearch(config).search(measurer)
    side = lambda bound: None if bound is None else float(bound)
    return [[side(found[goal].relevant_lower_bound), side(found[goal].relevant_upper_bound)] for goal in goals]


def main():
    program, scenario = sys.argv[1:3]
    length, within, least, most = map(float, sys.argv[3:])
    throttled = Simulated(program, scenario, "no-retry", lambda run: run["strategies"][0]["inWindow"]["throttled"])
    first, failing = search(throttled, [0.0, 0.05], length, within, least, most)
    every = 10**9
    slow = Simulated(
        program, scenario, "backoff", lambda run: every if is_missed(run, "response_time") else 0
    )
    (late,) = search(slow, [0.0], length, within, least, most)
    print(json.dumps({"first_throttle": first, "failures": failing, "p99": late}))


main()
