//! Where figures are kept: one cell for each workload, stage and kind of job (or operation of an attempt).

use crate::api::{Attempt, Job, JobKind, Operation};
use crate::time::Time;
use crate::workload::Workload;

/// The shape of a recorder, the same for every trial and strategy of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    parts: Vec<Part>,
    job_cells: usize,
    attempt_cells: usize,
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
    kind_slot: Vec<u8>,
    operation_slot: Vec<u8>,
}

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
        let mut layout = Layout { parts: Vec::new(), job_cells: 0, attempt_cells: 0 };
        for workload in workloads {
            let kinds = workload.kinds();
            let mut operations: Vec<Operation> = kinds.iter().map(|kind| kind.operation()).collect();
            operations.sort();
            operations.dedup();
            let mut kind_slot = vec![0; Operation::ALL.len() + 2];
            let mut operation_slot = vec![0; Operation::ALL.len()];
            kinds.iter().enumerate().for_each(|(slot, kind)| kind_slot[kind_index(*kind)] = slot as u8);
            operations.iter().enumerate().for_each(|(slot, op)| operation_slot[op.index()] = slot as u8);
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
                kind_slot,
                operation_slot,
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
        let part = &self.parts[workload as usize];
        part.first_job_cell + stage as usize * part.kinds.len() + part.kind_slot[kind_index(kind)] as usize
    }

    /// The cell of an attempt.
    #[inline]
    pub fn attempt_cell(&self, workload: u16, stage: u16, operation: Operation) -> usize {
        let part = &self.parts[workload as usize];
        let slot = part.operation_slot[operation.index()] as usize;
        part.first_attempt_cell + stage as usize * part.operations.len() + slot
    }

    /// The cell of a job, and 1 if it counts in the window, by when it should start.
    #[inline]
    pub fn place_of(&self, job: &Job) -> (usize, usize) {
        let part = &self.parts[job.workload as usize];
        (
            part.job_cell(job.stage as usize, part.kind_slot[kind_index(job.kind)] as usize),
            part.window_at(job.intended),
        )
    }

    /// The cell of an attempt, and 1 if it counts in the window, by when its job should start.
    #[inline]
    pub fn place_of_attempt(&self, attempt: &Attempt) -> (usize, usize) {
        let part = &self.parts[attempt.workload as usize];
        let slot = part.operation_slot[attempt.operation.index()] as usize;
        (part.attempt_cell(attempt.stage as usize, slot), part.window_at(attempt.intended))
    }
}

impl Part {
    /// 1 if a job that should start at `intended` counts in the window, 0 if not.
    #[inline]
    fn window_at(&self, intended: Time) -> usize {
        usize::from(intended >= self.window.0)
    }

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
