//! The aliases of local-kms's file, which stand in a list of their own.

use super::super::sown::alias;
use super::{Local, any};
use crate::kms::Seed;
use crate::language::{Fields, Table, fixed_table};
use std::collections::BTreeSet;

static ALIAS: Table = fixed_table("localKmsAlias", &[any("AliasName"), any("TargetKeyId"), any("AliasArn")]);

impl Local<'_> {
    pub(super) fn aliases(&mut self, file: &Fields<'_>, seeds: &mut [Seed]) {
        let mut taken = BTreeSet::new();
        for item in self.list(file, "Aliases") {
            let Some(fields) = self.r.fields(&item, &ALIAS) else { continue };
            let target = self.text(&fields, "TargetKeyId");
            let (Some(named), Some(target)) = (fields.get("AliasName"), target) else {
                self.r.says(&item, "must have an AliasName and a TargetKeyId");
                continue;
            };
            let Some(name) = alias(self.r, &named) else { continue };
            if !taken.insert(name.clone()) {
                self.r.says(&named, format!("{name} stands in this file twice"));
                continue;
            }
            if let Some(arn) = self.text(&fields, "AliasArn")
                && !arn.ends_with(&format!(":{name}"))
            {
                self.wrong(&fields, "AliasArn", format!("is not the ARN of {name}"));
            }
            let found = seeds.iter_mut().find(|seed| is_target(seed, &target));
            match found {
                Some(seed) => seed.aliases.push(name),
                None => {
                    let target = crate::language::clip(&target);
                    let what = format!("`{target}` is no key of this file, by its KeyId or its ARN");
                    self.wrong(&fields, "TargetKeyId", what);
                }
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
