#!/usr/bin/env python3
"""What a bus costs: benches/bus.py KEYSTORM NATS_SERVER [SECONDS_OF_LOAD[@JOBS_A_SECOND]...]

KEYSTORM is built with `--features bus`. Jobs a second are 1,000 unless told. Each length of load is simulated by one process, then over a bus by one and by two
workers of one thread each; every run.json must be the same. CPU time is user and system time of every process to its end
(wait4), the server's too; messages and bytes are what the server counts (/varz), both ways.
"""
import atexit
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

SCENARIO = """version: 1
name: scale
quotas: {{ symmetric: {quota}/s }}
workloads:
  w: {{ executor: constant-arrival-rate, rate: {rate}/s, duration: {seconds}s, jobs: {{ Decrypt: 1 }} }}
strategies: {{ no-retry: {{ retry: {{ mode: none }} }}, sdk: {{ retry: {{ mode: aws-standard }} }} }}
trials: 20
"""


def port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def cpu(process):
    """Waits for a process; its CPU seconds."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def server(program, folder):
    client, monitor = port(), port()
    line = [program, "-js", "-a", "127.0.0.1", "-p", str(client), "-m", str(monitor), "-sd", folder]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        try:
            counts(monitor)
            return process, f"nats://127.0.0.1:{client}", monitor
        except OSError:
            if process.poll() is not None:
                sys.exit("nats-server ended")


def counts(monitor):
    with urllib.request.urlopen(f"http://127.0.0.1:{monitor}/varz", timeout=5) as answer:
        told = json.load(answer)
    return [told["in_msgs"] + told["out_msgs"], told["in_bytes"] + told["out_bytes"]]


def over_bus(keystorm, nats, folder, workers, out):
    process, url, monitor = server(nats, str(folder / f"js-{out}"))
    line = [keystorm, "worker", "-q", "--threads", "1", "--bus", url]
    started = [subprocess.Popen(line) for _ in range(workers)]
    # Whatever becomes of the run, nobody stays behind.
    atexit.register(lambda: [each.kill() for each in [*started, process] if each.returncode is None])
    # Whoever starts is no part of the work: an idle second, and then the clock.
    time.sleep(1)
    watch, before = time.monotonic(), counts(monitor)
    run = subprocess.Popen([keystorm, "run", "s.yaml", "-q", "--bus", url, "-o", out], cwd=folder, stdout=subprocess.DEVNULL)
    parts = {"coordinator": cpu(run)}
    if run.returncode != 0:
        sys.exit(f"the run over the bus ended with {run.returncode}")
    wall, after = time.monotonic() - watch, counts(monitor)
    for worker in started:
        worker.send_signal(signal.SIGINT)
    parts["workers"] = sum(cpu(worker) for worker in started)
    process.send_signal(signal.SIGTERM)
    parts["server"] = cpu(process)
    return wall, parts, [late - early for late, early in zip(after, before)]


def main():
    keystorm, nats = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
    print("load s@jobs/s | who | wall s | CPU s | of one process | workers, coordinator, server CPU s | messages/cell | bytes/cell")
    for text in sys.argv[3:] or ["60", "900@5000"]:
        seconds, _, rate = text.partition("@")
        rate = int(rate or 1_000)
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            (folder / "s.yaml").write_text(SCENARIO.format(seconds=seconds, rate=rate, quota=rate * 9 // 10))
            watch = time.monotonic()
            line = [keystorm, "run", "s.yaml", "-q", "--threads", "1", "-o", "one"]
            alone = subprocess.Popen(line, cwd=folder, stdout=subprocess.DEVNULL)
            one = cpu(alone)
            if alone.returncode != 0:
                sys.exit(f"one process ended with {alone.returncode}")
            print(f"{text} | one process | {time.monotonic() - watch:.2f} | {one:.2f} | 1 | | |", flush=True)
            for workers in (1, 2):
                out = f"bus-{workers}"
                wall, parts, counted = over_bus(keystorm, nats, folder, workers, out)
                if (folder / out / "run.json").read_bytes() != (folder / "one" / "run.json").read_bytes():
                    sys.exit("run.json differs")
                total = sum(parts.values())
                shown = ", ".join(f"{parts[name]:.2f}" for name in ("workers", "coordinator", "server"))
                messages, size = (round(each / 40) for each in counted)
                print(f"{text} | {workers} worker(s) | {wall:.2f} | {total:.2f} | {total / one:.3f} | {shown} | {messages} | {size}", flush=True)


if __name__ == "__main__":
    main()
