//! The members that a [`Dispatch`] gives, said once: as the JSON of awsJson1.1, or as the emulator in this process takes them.

use super::dispatch::Dispatch;
use crate::api::{Fill, KeySpec, Operation};
use crate::kms::wire::Input;
use base64_simd::STANDARD;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::mem::replace;

/// What takes the members of a call.
trait Members {
    fn text(&mut self, name: &str, text: &str);
    fn bytes(&mut self, name: &str, bytes: &[u8]);
    fn number(&mut self, name: &str, number: u32);
    /// A map with one pair.
    fn pair(&mut self, name: &str, pair: (&str, &str));
    /// A list with one structure.
    fn structure(&mut self, name: &str, texts: &[(&str, &str)]);
}

impl Members for Map<String, Value> {
    fn text(&mut self, name: &str, text: &str) {
        self.insert(name.into(), text.into());
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) {
        self.insert(name.into(), STANDARD.encode_to_string(bytes).into());
    }

    fn number(&mut self, name: &str, number: u32) {
        self.insert(name.into(), number.into());
    }

    fn pair(&mut self, name: &str, (key, value): (&str, &str)) {
        self.insert(name.into(), json!({ key: value }));
    }

    fn structure(&mut self, name: &str, texts: &[(&str, &str)]) {
        let one: Map<String, Value> =
            texts.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
        self.insert(name.into(), json!([one]));
    }
}

impl Members for Input {
    fn text(&mut self, name: &str, text: &str) {
        give(self, |input| input.with_text(name, text));
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) {
        give(self, |input| input.with_blob(name, bytes));
    }

    fn number(&mut self, name: &str, number: u32) {
        give(self, |input| input.with_integer(name, number.into()));
    }

    fn pair(&mut self, name: &str, (key, value): (&str, &str)) {
        give(self, |input| input.with_context(name, BTreeMap::from([(key.into(), value.into())])));
    }

    fn structure(&mut self, name: &str, texts: &[(&str, &str)]) {
        give(self, |input| input.with_structure_of(name, texts));
    }
}

fn give(input: &mut Input, with: impl FnOnce(Input) -> Input) {
    let so_far = replace(input, Input::new(Operation::ListKeys));
    *input = with(so_far);
}

/// The body of a call.
pub fn json(dispatch: &Dispatch<'_>) -> Vec<u8> {
    let mut body = Map::new();
    fill(dispatch, &mut body);
    serde_json::to_vec(&body).expect("a mapping of texts and numbers is always JSON")
}

/// A call of the emulator in this process.
pub(super) fn input(dispatch: &Dispatch<'_>) -> Input {
    let mut input = Input::new(dispatch.operation);
    fill(dispatch, &mut input);
    input
}

/// Gives all that a call gives.
fn fill(dispatch: &Dispatch<'_>, body: &mut impl Members) {
    match dispatch.operation.live() {
        Some(call) => call.members.iter().for_each(|(name, fill)| member(body, name, *fill, dispatch)),
        None => manage(body, dispatch),
    }
}

/// Gives a member, unless it is left out.
fn member(body: &mut impl Members, name: &str, fill: Fill, dispatch: &Dispatch<'_>) {
    let is_symmetric = dispatch.spec == KeySpec::SymmetricDefault;
    match fill {
        Fill::Key => body.text(name, dispatch.key),
        Fill::KeyUnlessNamed if is_symmetric => {}
        Fill::KeyUnlessNamed => body.text(name, dispatch.key),
        Fill::PairSpec => body.text(name, dispatch.pair_spec.name()),
        Fill::Payload => body.bytes(name, dispatch.payload),
        Fill::Made => body.bytes(name, dispatch.blob),
        Fill::Length => body.number(name, dispatch.length),
        Fill::Context => {
            if let Some(value) = dispatch.context.filter(|_| is_symmetric) {
                body.pair(name, (Dispatch::CONTEXT, value));
            }
        }
        Fill::Algorithm => {
            if let Some(algorithm) = dispatch.algorithm() {
                body.text(name, algorithm);
            }
        }
        Fill::Word(word) => body.text(name, word),
    }
}

/// Making keys and giving them up, which set-up does and no job.
fn manage(body: &mut impl Members, dispatch: &Dispatch<'_>) {
    if dispatch.operation == Operation::ScheduleKeyDeletion {
        body.text("KeyId", dispatch.key);
        return body.number("PendingWindowInDays", 7);
    }
    body.text("KeySpec", dispatch.spec.name());
    body.text("KeyUsage", dispatch.usage.name());
    body.text("Description", "Made by keystorm for a load test; to be deleted.");
    body.structure("Tags", &[("TagKey", Dispatch::TAG), ("TagValue", dispatch.tag)]);
    if let Some(policy) = dispatch.policy {
        body.text("Policy", policy);
    }
}
