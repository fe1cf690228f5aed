//! The processes that make the calls: how many, how they come up, when they restart; and how a file says it.

use crate::language::{
    Form, Item, MILLION, Map, Part, Reader, Record, SPAN, Shape, Table, Walk, count, key, later, mapping,
    table_of,
};
use crate::time::Span;
use std::sync::LazyLock;

/// The processes that make the calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetConfig {
    /// How many; at least one.
    pub clients: u32,
    /// How they come up.
    pub start: FleetStart,
    /// When they restart, if they do.
    pub restart: Option<Restart>,
}

/// How the fleet comes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FleetStart {
    /// All at the beginning.
    Together,
    /// Evenly over this span, the first at once.
    Over(Span),
    /// In batches, the first at once.
    Rolling {
        /// How many at a time.
        batch: u32,
        /// Time between batches.
        every: Span,
    },
}

/// A rolling restart: clients lose cache, retry budget and limiter state, and their jobs in flight fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restart {
    /// When the first batch restarts.
    pub at: Span,
    /// How many at a time; the whole fleet by default.
    pub batch: u32,
    /// Time between batches.
    pub every: Span,
}

impl FleetConfig {
    /// One client, from the beginning to the end.
    pub const ONE: FleetConfig = FleetConfig { clients: 1, start: FleetStart::Together, restart: None };
}

/// How large a fleet is, and the most that a batch of it may be, which is more where the size is not known.
#[derive(Clone, Copy)]
struct Size {
    clients: u32,
    most: u64,
}

/// A fleet of any size.
const ANY: Size = Size { clients: 1, most: MILLION };

impl Part for FleetConfig {
    /// A batch is no larger than the fleet, and is the whole fleet where a restart says nothing.
    fn walk(walk: &mut Walk<'_, '_>, now: Option<&FleetConfig>) -> Option<FleetConfig> {
        let clients = walk.part(
            key("clients", "How many processes ({}).", count(MILLION)).or(1),
            now.map(|now| &now.clients),
        );
        let size = match clients.filter(|_| walk.knows("clients")) {
            Some(clients) => Size { clients, most: u64::from(clients) },
            None => ANY,
        };
        let start = walk.part(
            key("start", "How they come up ({}).", Start { size }).or(FleetStart::Together),
            now.map(|now| &now.start),
        );
        let about = "A restart: clients lose cache, retry budget and limiter (never).";
        let restart = walk.part(
            key("restart", about, mapping(restart_table, restart, size)).optional(),
            now.map(|now| &now.restart),
        );
        later(
            walk,
            &[
                ("connections", "Connections of a client: max, connect, idle."),
                ("autoscaling", "A fleet that grows and shrinks."),
                ("onDemand", "A client per job, as in Lambda."),
                ("lifetime", "How long a client lives."),
                ("credentials", "Credentials that are refreshed."),
            ],
        );
        Some(FleetConfig { clients: clients?, start: start?, restart: restart? })
    }
}

impl Record for FleetConfig {
    table_of!(FleetConfig as "fleet");
}

fn restart(walk: &mut Walk<'_, '_>, now: Option<&Restart>, size: &Size) -> Option<Restart> {
    let at = walk.part(key("at", "When it begins.", SPAN).needed(), now.map(|now| &now.at));
    let about = "How many at a time (all).";
    let batch = walk.part(key("batch", about, count(size.most)).or(size.clients), now.map(|now| &now.batch));
    let about = "Time between batches ({}).";
    let every = walk.part(key("every", about, SPAN).or(Span::ZERO), now.map(|now| &now.every));
    Some(Restart { at: at?, batch: batch?, every: every? })
}

fn restart_table() -> &'static Table {
    static TABLE: LazyLock<Table> =
        LazyLock::new(|| Table::described("restart", |walk| restart(walk, None, &ANY)));
    &TABLE
}

/// Size of a batch, and time between batches.
type Batches = (u32, Span);

fn batches(walk: &mut Walk<'_, '_>, now: Option<&Batches>, size: &Size) -> Option<Batches> {
    let batch =
        walk.part(key("batch", "How many at a time.", count(size.most)).needed(), now.map(|now| &now.0));
    let every = walk.part(key("every", "Time between batches.", SPAN).needed(), now.map(|now| &now.1));
    Some((batch?, every?))
}

fn batches_table() -> &'static Table {
    static TABLE: LazyLock<Table> =
        LazyLock::new(|| Table::described("rolling", |walk| batches(walk, None, &ANY)));
    &TABLE
}

/// Either of two ways to come up that take time.
fn slowly(walk: &mut Walk<'_, '_>, now: Option<&FleetStart>, size: &Size) -> Option<FleetStart> {
    let (over, rolling) = match now {
        Some(FleetStart::Over(span)) => (Some(*span), None),
        Some(FleetStart::Rolling { batch, every }) => (None, Some((*batch, *every))),
        Some(FleetStart::Together) | None => (None, None),
    };
    let over = walk.part(key("over", "Evenly over this time.", SPAN).optional(), Some(&over));
    let form = mapping(batches_table, batches, *size);
    let rolling = walk.part(key("rolling", "In batches.", form).optional(), Some(&rolling));
    walk.look(|r, fields| drop(r.only_key(fields)));
    match (over?, rolling?) {
        (Some(span), None) => Some(FleetStart::Over(span)),
        (None, Some((batch, every))) => Some(FleetStart::Rolling { batch, every }),
        _ => None,
    }
}

fn slowly_table() -> &'static Table {
    static TABLE: LazyLock<Table> =
        LazyLock::new(|| Table::described("start", |walk| slowly(walk, None, &ANY)));
    &TABLE
}

/// `together`, or a mapping that says how long it takes.
struct Start {
    size: Size,
}

/// All at the beginning.
const TOGETHER: &str = "together";

impl Form for Start {
    type Value = FleetStart;
    fn shape(&self) -> Shape {
        Shape::Either(&[Shape::Words(&[TOGETHER]), Shape::Record(slowly_table)])
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<FleetStart> {
        match item.is_map() {
            true => mapping(slowly_table, slowly, self.size).read(r, item),
            false => r.word(item, &[TOGETHER]).map(|_| FleetStart::Together),
        }
    }
    fn write(&self, value: &FleetStart) -> serde_yaml::Value {
        let mut map = Map::default();
        slowly(&mut Walk::Write(&mut map), Some(value), &self.size);
        if *value == FleetStart::Together { TOGETHER.into() } else { map.into() }
    }
}
