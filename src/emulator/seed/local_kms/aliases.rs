//! The aliases of local-kms's file, which stand in a list of their own.

use super::super::Reader;
use crate::kms::Seed;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

impl Reader<'_> {
    pub(super) fn local_aliases(&mut self, object: &Map<String, Value>, seeds: &mut [Seed]) {
        let mut taken = BTreeSet::new();
        for (at, value) in self.list(object, "Aliases", "file").iter().enumerate() {
            let place = format!("Aliases[{at}]");
            let names = ["AliasName", "TargetKeyId", "AliasArn"];
            let Some(alias) = self.object(value, &place, &names) else { continue };
            let (name, target) =
                (self.text(alias, "AliasName", &place), self.text(alias, "TargetKeyId", &place));
            let (Some(name), Some(target)) = (name, target) else {
                self.wrong(&place, "must have an AliasName and a TargetKeyId");
                continue;
            };
            let Some(name) = self.alias(name, &format!("{place}.AliasName")) else { continue };
            if !taken.insert(name.clone()) {
                self.wrong(&format!("{place}.AliasName"), format!("{name} stands in this file twice"));
                continue;
            }
            if let Some(arn) = self.text(alias, "AliasArn", &place)
                && !arn.ends_with(&format!(":{name}"))
            {
                self.wrong(&format!("{place}.AliasArn"), format!("is not the ARN of {name}"));
            }
            let found = seeds.iter_mut().find(|seed| is_target(seed, target));
            match found {
                Some(seed) => seed.aliases.push(name),
                None => self.wrong(
                    &format!("{place}.TargetKeyId"),
                    format!("`{target}` is no key of this file, by its KeyId or its ARN"),
                ),
            }
        }
    }
}

/// Whether an alias's target, a key's id or its ARN, is `seed`.
fn is_target(seed: &Seed, target: &str) -> bool {
    let Some(id) = seed.id.as_deref() else { return false };
    let arn = target.split_once(":kms:").map(|(_, rest)| rest);
    target == id || arn == Some(&format!("{}:{}:key/{id}", seed.realm.region, seed.realm.account))
}
