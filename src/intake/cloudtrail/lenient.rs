//! How the forms of a record are read that may be anything in a log: what is not as expected is as if it were not there.

use super::event::{Identity, Loose, Parameters, Resources};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Declares how a form is read that may be anything in a log: what it is not is as if it were not there.
macro_rules! lenient {
    ($name:ident, $visitor:ident, { $($visit:item)* }) => {
        struct $visitor;

        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name<'a>, D::Error> {
                deserializer.deserialize_any($visitor)
            }
        }

        impl<'de> Visitor<'de> for $visitor {
            type Value = $name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_unit<E>(self) -> Result<$name<'de>, E> {
                Ok($name::default())
            }

            fn visit_bool<E>(self, _: bool) -> Result<$name<'de>, E> {
                Ok($name::default())
            }

            fn visit_i64<E>(self, _: i64) -> Result<$name<'de>, E> {
                Ok($name::default())
            }

            fn visit_u64<E>(self, _: u64) -> Result<$name<'de>, E> {
                Ok($name::default())
            }

            fn visit_f64<E>(self, _: f64) -> Result<$name<'de>, E> {
                Ok($name::default())
            }

            $($visit)*
        }
    };
}

/// Passes over an array.
fn skip_seq<'de, A: SeqAccess<'de>>(mut all: A) -> Result<(), A::Error> {
    while all.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

lenient!(Loose, LooseVisitor, {
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Loose<'de>, E> {
        Ok(Loose(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose<'de>, E> {
        Ok(Loose(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, all: A) -> Result<Loose<'de>, A::Error> {
        skip_seq(all).map(|()| Loose::default())
    }
});

lenient!(Identity, IdentityVisitor, {
    fn visit_str<E>(self, _: &str) -> Result<Identity<'de>, E> {
        Ok(Identity::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Identity<'de>, A::Error> {
        let mut found = Identity::default();
        while let Some(name) = map.next_key::<Loose<'de>>()? {
            match name.get().unwrap_or_default() {
                "type" => found.kind = map.next_value()?,
                "accountId" => found.account = map.next_value()?,
                "invokedBy" => found.invoked_by = map.next_value()?,
                "userName" => found.user = map.next_value()?,
                // Of both only the user's name inside is read: the issuer of a session is its role.
                "sessionContext" => found.role = map.next_value::<Identity<'de>>()?.role,
                "sessionIssuer" => found.role = map.next_value::<Identity<'de>>()?.user,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, all: A) -> Result<Identity<'de>, A::Error> {
        skip_seq(all).map(|()| Identity::default())
    }
});

lenient!(Parameters, ParametersVisitor, {
    fn visit_str<E>(self, _: &str) -> Result<Parameters<'de>, E> {
        Ok(Parameters::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parameters<'de>, A::Error> {
        let mut found = Parameters::default();
        while let Some(name) = map.next_key::<Loose<'de>>()? {
            match name.get().unwrap_or_default() {
                "keyId" => found.key = map.next_value()?,
                "sourceKeyId" => found.source_key = map.next_value()?,
                "signingAlgorithm" | "encryptionAlgorithm" | "macAlgorithm" => {
                    found.algorithm = map.next_value()?
                }
                "encryptionContext" => found.context = context(&map.next_value()?),
                "sourceEncryptionContext" => found.source_context = context(&map.next_value()?),
                "eventSelectors" | "advancedEventSelectors" => {
                    found.leaves_out_kms |= leaves_out_kms(&map.next_value()?);
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, all: A) -> Result<Parameters<'de>, A::Error> {
        skip_seq(all).map(|()| Parameters::default())
    }
});

lenient!(Resources, ResourcesVisitor, {
    fn visit_str<E>(self, _: &str) -> Result<Resources<'de>, E> {
        Ok(Resources::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Resources<'de>, A::Error> {
        let mut found = Resources::default();
        while let Some(name) = map.next_key::<Loose<'de>>()? {
            match name.get().unwrap_or_default() {
                "ARN" | "arn" => found.0.extend(map.next_value::<Loose<'de>>()?.0),
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Resources<'de>, A::Error> {
        let mut found = Resources::default();
        while let Some(each) = all.next_element::<Resources<'de>>()? {
            found.0.extend(each.0);
        }
        Ok(found)
    }
});

/// The encryption context; names in order, so that equal contexts have equal texts.
fn context(value: &serde_json::Value) -> Option<String> {
    let mut pairs = value.as_object()?.iter().collect::<Vec<_>>();
    pairs.sort_by_key(|(name, _)| *name);
    (!pairs.is_empty()).then(|| pairs.iter().map(|(name, value)| format!("{name:?}={value};")).collect())
}

/// Whether selectors of events leave KMS out: by `excludeManagementEventSources`, or by a field that must not be it.
fn leaves_out_kms(value: &serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::Array(all) => all.iter().any(leaves_out_kms),
        Value::Object(all) => all.iter().any(|(name, inner)| {
            let is_exclusion = matches!(name.as_str(), "excludeManagementEventSources" | "notEquals");
            let names_kms = |each: &Value| each.as_str() == Some("kms.amazonaws.com");
            is_exclusion && inner.as_array().is_some_and(|all| all.iter().any(names_kms))
                || leaves_out_kms(inner)
        }),
        _ => false,
    }
}
