//! What several benches need.

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

/// Moves the calling thread, and whatever it starts from now on, to one core; a machine with fewer cores measures without.
pub fn on_core(core: usize) {
    let mut cores = CpuSet::new();
    if cores.set(core % std::thread::available_parallelism().map_or(1, usize::from)).is_ok() {
        sched_setaffinity(Pid::from_raw(0), &cores).expect("a core of this machine");
    }
}
