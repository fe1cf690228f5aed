//! Where figures are kept: one cell for each workload, stage and kind of job (or operation of an attempt).

use crate::api::{Attempt, Job, JobKind, Operation};
use crate::time::Time;
use crate::workload::Workload;

/// The shape of a recorder, the same for every trial and strategy of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    parts: Vec<Part>,
    /// By workload and kind of job, and by workload and operation.
    job_places: Vec<CellRange>,
    attempt_places: Vec<CellRange>,
    job_cells: usize,
    attempt_cells: usize,
}

/// Where one workload's jobs of a kind, or attempts of an operation, are counted: in one cell for each stage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct CellRange {
    /// The cell of the first stage, and from one stage to the next.
    first: u32,
    step: u32,
    /// Where the workload's window begins: beside the cells, as every look at them asks for it.
    window: Time,
}

impl CellRange {
    #[inline]
    const fn in_stage(self, stage: u16) -> usize {
        self.first as usize + stage as usize * self.step as usize
    }

    /// The cell in `stage`, and 1 if what should start at `intended` counts in the window, 0 if not.
    #[inline]
    fn at(self, stage: u16, intended: Time) -> (usize, usize) {
        (self.in_stage(stage), usize::from(intended >= self.window))
    }
}

/// One workload's share of the layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The workload's name.
    pub name: String,
    /// How many stages it has.
    pub stages: usize,
    /// The kinds of job it brings.
    pub kinds: Vec<JobKind>,
    /// The operations those kinds call.
    pub operations: Vec<Operation>,
    /// When its work begins, warm-up included.
    pub start: Time,
    /// The measured window: after warm-up until no more jobs arrive or begin.
    pub window: (Time, Time),
    /// Each stage's part of the window; the one stage of work that ends by itself has no end.
    pub measured: Vec<(Time, Time)>,
    /// How many jobs it is, if it ends by itself: the window then ends with the last completion, not with the schedule.
    pub work: Option<u64>,
    /// Whether arrivals ignore completions.
    pub is_open: bool,
    first_job_cell: usize,
    first_attempt_cell: usize,
}

/// Kinds of job that there are.
const KINDS: usize = Operation::ALL.len() + 2;

#[inline]
fn kind_index(kind: JobKind) -> usize {
    match kind {
        JobKind::Call(operation) => operation.index(),
        JobKind::EncryptMessage => Operation::ALL.len(),
        JobKind::DecryptMessage => Operation::ALL.len() + 1,
    }
}

impl Layout {
    /// The layout for these workloads.
    pub fn new(workloads: &[Workload]) -> Layout {
        let mut layout = Layout {
            parts: Vec::new(),
            job_places: vec![CellRange::default(); workloads.len() * KINDS],
            attempt_places: vec![CellRange::default(); workloads.len() * Operation::ALL.len()],
            job_cells: 0,
            attempt_cells: 0,
        };
        for (number, workload) in workloads.iter().enumerate() {
            let (kinds, window) = (workload.kinds(), workload.window().0);
            let mut operations: Vec<Operation> = kinds.iter().map(|kind| kind.operation()).collect();
            operations.sort();
            operations.dedup();
            for (slot, kind) in kinds.iter().enumerate() {
                layout.job_places[number * KINDS + kind_index(*kind)] =
                    CellRange { first: (layout.job_cells + slot) as u32, step: kinds.len() as u32, window };
            }
            for (slot, operation) in operations.iter().enumerate() {
                let (first, step) = ((layout.attempt_cells + slot) as u32, operations.len() as u32);
                layout.attempt_places[number * Operation::ALL.len() + operation.index()] =
                    CellRange { first, step, window };
            }
            let stages = workload.executor.stages();
            let part = Part {
                name: workload.name.clone(),
                stages,
                start: workload.start(),
                window: workload.window(),
                measured: workload.measured_stages(),
                work: workload.executor.work(),
                is_open: workload.executor.is_open(),
                first_job_cell: layout.job_cells,
                first_attempt_cell: layout.attempt_cells,
                kinds,
                operations,
            };
            layout.job_cells += stages * part.kinds.len();
            layout.attempt_cells += stages * part.operations.len();
            layout.parts.push(part);
        }
        layout
    }

    /// The workloads' parts, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// How many job cells there are.
    pub fn job_cells(&self) -> usize {
        self.job_cells
    }

    /// How many attempt cells there are.
    pub fn attempt_cells(&self) -> usize {
        self.attempt_cells
    }

    /// The cell of a job.
    #[inline]
    pub fn job_cell(&self, workload: u16, stage: u16, kind: JobKind) -> usize {
        self.job_range(workload, kind).in_stage(stage)
    }

    #[inline]
    fn job_range(&self, workload: u16, kind: JobKind) -> CellRange {
        self.job_places[usize::from(workload) * KINDS + kind_index(kind)]
    }

    /// The cell of an attempt.
    #[inline]
    pub fn attempt_cell(&self, workload: u16, stage: u16, operation: Operation) -> usize {
        self.attempt_range(workload, operation).in_stage(stage)
    }

    #[inline]
    fn attempt_range(&self, workload: u16, operation: Operation) -> CellRange {
        self.attempt_places[usize::from(workload) * Operation::ALL.len() + operation.index()]
    }

    /// The cell of a job, and 1 if it counts in the window, by when it should start.
    #[inline]
    pub fn place_of(&self, job: &Job) -> (usize, usize) {
        self.job_range(job.workload, job.kind).at(job.stage, job.intended)
    }

    /// The cell of an attempt, and 1 if it counts in the window, by when its job should start.
    #[inline]
    pub fn place_of_attempt(&self, attempt: &Attempt) -> (usize, usize) {
        self.attempt_range(attempt.workload, attempt.operation).at(attempt.stage, attempt.intended)
    }
}

impl Part {
    /// The cell of jobs of kind number `kind` in `stage`.
    #[inline]
    pub(super) fn job_cell(&self, stage: usize, kind: usize) -> usize {
        self.first_job_cell + stage * self.kinds.len() + kind
    }

    /// The cell of attempts of operation number `operation` in `stage`.
    #[inline]
    pub(super) fn attempt_cell(&self, stage: usize, operation: usize) -> usize {
        self.first_attempt_cell + stage * self.operations.len() + operation
    }
}
