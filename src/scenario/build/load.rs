//! Reads who works: the fleet, and each workload with its executor.

use crate::language::{Item, MILLION, Reader};
use crate::scenario::keys;
use crate::time::Span;
use crate::workload::{FleetConfig, FleetStart, Restart};

/// One client, from the beginning to the end.
pub(super) const ONE_CLIENT: FleetConfig =
    FleetConfig { clients: 1, start: FleetStart::Together, restart: None };

/// Reads `fleet`.
pub(super) fn fleet(r: &mut Reader, item: &Item) -> Option<FleetConfig> {
    let mark = r.mark();
    let fields = r.fields(item, &keys::FLEET)?;
    let clients = r.or(&fields, "clients", 1, |r, item| r.count(item, MILLION));
    let most = if r.is_clean(mark) { u64::from(clients) } else { MILLION };
    let start = r.or(&fields, "start", FleetStart::Together, |r, item| fleet_start(r, item, most));
    let restart = r.opt(&fields, "restart", |r, item| {
        let fields = r.fields(item, &keys::RESTART)?;
        Some(Restart {
            at: r.need(&fields, "at", Span::ZERO, Reader::span),
            batch: r.or(&fields, "batch", clients, |r, item| r.count(item, most)),
            every: r.or(&fields, "every", Span::ZERO, Reader::span),
        })
    });
    Some(FleetConfig { clients, start, restart })
}

fn fleet_start(r: &mut Reader, item: &Item, most: u64) -> Option<FleetStart> {
    if !item.is_map() {
        return r.word(item, &["together"]).map(|_| FleetStart::Together);
    }
    let fields = r.fields(item, &keys::START)?;
    let (key, item) = r.only_key(&fields)?;
    match key.name {
        "over" => r.span(&item).map(FleetStart::Over),
        _ => {
            let fields = r.fields(&item, &keys::ROLLING)?;
            Some(FleetStart::Rolling {
                batch: r.need(&fields, "batch", 1, |r, item| r.count(item, most)),
                every: r.need(&fields, "every", Span::ZERO, Reader::span),
            })
        }
    }
}
