//! When clients start and restart.

use super::{FleetConfig, FleetStart};
use crate::time::{Span, Time};

/// A fleet's timetable.
#[derive(Clone, Debug)]
pub struct FleetPlan(FleetConfig);

impl FleetPlan {
    /// The timetable of `fleet`.
    pub fn new(fleet: &FleetConfig) -> FleetPlan {
        FleetPlan(fleet.clone())
    }

    /// How many clients there are.
    pub fn clients(&self) -> u32 {
        self.0.clients
    }

    /// How many clients have started by `now`; at least one.
    #[inline]
    pub fn started(&self, now: Time) -> u32 {
        let since = now.as_nanos();
        let started = match self.0.start {
            FleetStart::Together => return self.0.clients,
            FleetStart::Over(span) if span.is_zero() => return self.0.clients,
            FleetStart::Over(span) => {
                u128::from(since) * u128::from(self.0.clients) / u128::from(span.as_nanos()) + 1
            }
            FleetStart::Rolling { every, .. } if every.is_zero() => return self.0.clients,
            FleetStart::Rolling { batch, every } => {
                u128::from(batch) * u128::from(since / every.as_nanos() + 1)
            }
        };
        started.min(u128::from(self.0.clients)) as u32
    }

    /// When client number `client` starts.
    pub fn start_of(&self, client: u32) -> Time {
        let nanos = match self.0.start {
            FleetStart::Together => 0,
            FleetStart::Over(span) => {
                let exact = u128::from(client) * u128::from(span.as_nanos());
                exact.div_ceil(u128::from(self.0.clients)) as u64
            }
            FleetStart::Rolling { batch, every } => every.times(u64::from(client / batch.max(1))).as_nanos(),
        };
        Time::ZERO + Span::from_nanos(nanos)
    }

    /// When each client restarts: (moment, first client, one past the last), in order.
    pub fn restarts(&self) -> Vec<(Time, u32, u32)> {
        let Some(restart) = self.0.restart else { return Vec::new() };
        let batch = restart.batch.clamp(1, self.0.clients);
        let batches = self.0.clients.div_ceil(batch);
        let moment = |k: u32| Time::ZERO + restart.at + restart.every.times(u64::from(k));
        (0..batches).map(|k| (moment(k), k * batch, ((k + 1) * batch).min(self.0.clients))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Restart;
    use super::*;

    #[test]
    fn started_counts_and_start_times_agree() {
        for start in [
            FleetStart::Together,
            FleetStart::Over(Span::from_secs(7)),
            FleetStart::Rolling { batch: 3, every: Span::from_secs(2) },
        ] {
            let plan = FleetPlan::new(&FleetConfig { clients: 10, start, restart: None });
            for client in 0..10 {
                let at = plan.start_of(client);
                assert!(plan.started(at) > client, "{start:?} {client}");
                if at > Time::ZERO {
                    assert!(
                        plan.started(Time::from_nanos(at.as_nanos() - 1)) <= client,
                        "{start:?} {client}"
                    );
                }
            }
        }
    }

    #[test]
    fn restarts_go_by_batches_and_cover_everyone() {
        let restart = Restart { at: Span::from_secs(60), batch: 4, every: Span::from_secs(5) };
        let plan =
            FleetPlan::new(&FleetConfig { clients: 10, start: FleetStart::Together, restart: Some(restart) });
        let expected = [(60, 0, 4), (65, 4, 8), (70, 8, 10)].map(|(s, a, b)| (Time::from_secs(s), a, b));
        assert_eq!(plan.restarts(), expected);
    }
}
