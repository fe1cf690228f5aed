#!/usr/bin/env python3
"""What a live load by workers costs: benches/live_bus.py KEYSTORM NATS_SERVER [LOCUST]

KEYSTORM is built with `--features bus`. The same load, RATE calls a second for SECONDS, goes to `keystorm serve` on 127.0.0.1:
by one process on one thread, by one worker and by two of one thread each, and, where LOCUST is given, by Locust with one worker
and with two (examples/beside/locustfile.py, ten calls a second by each user). Then a small load by more and more workers shows
what each costs the coordinator. CPU time is user and system time of a process to its end (wait4), its start included: what
is said a second and core is attempts by CPU seconds, which holds where others use the machine, too; walls are not told. The
server's is the same for all and not counted.
"""
import atexit
import csv
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

RATE, SECONDS = 2_000, 15
SMALL, MANY = 240, (1, 2, 8, 24)
SCENARIO = """version: 1
name: live-bus
target: {url}
client: raw
fleet: {{ clients: 48 }}
workloads:
  load: {{ executor: constant-arrival-rate, rate: {rate}/s, duration: {seconds}s, arrivals: uniform, jobs: {{ Decrypt: 1 }} }}
strategies: {{ plain: {{ retry: {{ mode: none }} }} }}
"""
STARTED = []


def port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def start(line, **more):
    process = subprocess.Popen(line, **{"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **more})
    STARTED.append(process)
    return process


# Whatever becomes of it, nobody stays behind.
atexit.register(lambda: [each.kill() for each in STARTED if each.returncode is None])


def cpu(process, send=None):
    """Waits for a process, which may be told to end; its CPU seconds."""
    if send is not None:
        process.send_signal(send)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def attempts(folder):
    run = json.loads((folder / "run.json").read_text())
    strategy = run["strategies"][0]
    jobs = strategy["jobs"]
    if jobs["offered"] != jobs["completed"]:
        sys.exit(f"not every job was completed: {jobs}")
    return jobs["completed"], run["wall"]["strategies"][0]["generator"]["latenessP99_ms"]


def ended(process, what):
    used = cpu(process)
    if process.returncode != 0:
        sys.exit(f"{what} ended with {process.returncode}")
    return used


def alone(keystorm, folder):
    line = [keystorm, "run", "s.yaml", "-q", "--no-tui", "--threads", "1", "--provision", "-o", "alone"]
    used = ended(start(line, cwd=folder), "one process")
    return attempts(folder / "alone"), used


def shared(keystorm, bus, url, folder, many):
    line = [keystorm, "worker", "-q", "--threads", "1", "--bus", bus, "--target", url]
    workers = [start(line) for _ in range(many)]
    out = f"by-{many}-{time.monotonic_ns()}"
    line = [keystorm, "run", "s.yaml", "-q", "--no-tui", "--provision", "--bus", bus, "--workers", str(many), "-o", out]
    coordinator = ended(start(line, cwd=folder), "the coordinator")
    used = sum(cpu(worker, signal.SIGINT) for worker in workers)
    return attempts(folder / out), used, coordinator


def locust(program, url, folder, many):
    users, place = RATE // 10, folder / f"locust-{many}"
    file = pathlib.Path(__file__).resolve().parent.parent / "examples/beside/locustfile.py"
    text = file.read_text().replace("constant_throughput(1)", "constant_throughput(10)")
    (folder / "locustfile.py").write_text(text)
    free = str(port())
    master = start(
        [program, "-f", "locustfile.py", "--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", free,
         "--expect-workers", str(many), "--headless", "-u", str(users), "-r", str(users), "-t", f"{SECONDS}s", "-H", url,
         "--csv", str(place), "--only-summary"], cwd=folder)
    line = [program, "-f", "locustfile.py", "--worker", "--master-host", "127.0.0.1", "--master-port", free]
    workers = [start(line, cwd=folder) for _ in range(many)]
    coordinator = ended(master, "Locust")
    used = sum(cpu(worker) for worker in workers)
    with open(f"{place}_stats.csv", newline="") as table:
        rows = [row for row in csv.DictReader(table) if row["Name"] == "Decrypt"]
    if rows[0]["Failure Count"] != "0":
        sys.exit(f"Locust met {rows[0]['Failure Count']} failures")
    return int(rows[0]["Request Count"]), used, coordinator


def main():
    keystorm, nats = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        serve = start([keystorm, "serve", "--listen", "127.0.0.1:0", "--quota", "symmetric=1000000/s"], stdout=subprocess.PIPE, text=True)
        url = next(word for word in serve.stdout.readline().split() if word.startswith("http://"))
        client = port()
        server = start([nats, "-js", "-a", "127.0.0.1", "-p", str(client), "-sd", str(folder / "js")])
        bus = f"nats://127.0.0.1:{client}"
        print("who | attempts | CPU s of senders | attempts a second and core | coordinator CPU s | lateness p99 ms")
        show = lambda who, done, used, other, late: print(
            f"{who} | {done:,} | {used:.2f} | {done / used:,.0f} | {other} | {late}", flush=True)
        (folder / "s.yaml").write_text(SCENARIO.format(url=url, rate=RATE, seconds=SECONDS))
        (done, late), used = alone(keystorm, folder)
        show("one process", done, used, "", f"{late:.1f}")
        for many in (1, 2):
            (done, late), used, coordinator = shared(keystorm, bus, url, folder, many)
            show(f"{many} worker(s)", done, used, f"{coordinator:.2f}", f"{late:.1f}")
        for many in (1, 2) if len(sys.argv) > 3 else ():
            done, used, coordinator = locust(str(pathlib.Path(sys.argv[3]).absolute()), url, folder, many)
            show(f"Locust, {many} worker(s)", done, used, f"{coordinator:.2f}", "")
        print(f"\nworkers | coordinator CPU s, {SMALL} calls a second for {SECONDS} s")
        (folder / "s.yaml").write_text(SCENARIO.format(url=url, rate=SMALL, seconds=SECONDS))
        for many in MANY:
            _, _, coordinator = shared(keystorm, bus, url, folder, many)
            print(f"{many} | {coordinator:.3f}", flush=True)
        cpu(server, signal.SIGTERM)
        cpu(serve, signal.SIGINT)


if __name__ == "__main__":
    main()
