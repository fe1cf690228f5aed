//! What a scenario is run over.

use crate::language::tree::Content;
use crate::language::{Item, Reader};
use crate::scenario::keys;
use crate::scenario::sweep::Axis;

/// The most fields that one sweep varies.
const MAX_AXES: usize = 8;

pub(super) fn sweep(r: &mut Reader, item: &Item) -> Option<Vec<Axis>> {
    let fields = r.fields(item, &keys::SWEEP)?;
    let over = r.need(&fields, "over", None, |r, item| r.fields(item, &keys::OVER).map(Some))?;
    let mut axes = Vec::new();
    for (entry, item) in over.named() {
        axes.extend(axis(r, &entry.key, &item));
    }
    let many = over.named().count();
    if many == 0 || many > MAX_AXES {
        r.wrong(&over.item, "there is no field to vary, or too many", format!("1 to {MAX_AXES} fields"));
    }
    Some(axes)
}

fn axis(r: &mut Reader, path: &str, item: &Item) -> Option<Axis> {
    let read = match &item.node.content {
        Content::Scalar(scalar) => Axis::new(path, &scalar.text),
        Content::List(_) => {
            let mut values = Vec::new();
            for value in r.list(item)? {
                match &value.node.content {
                    Content::Scalar(scalar) => values.push(scalar.text.clone()),
                    _ => {
                        r.wrong(
                            &value,
                            "this is no single value",
                            "a value; a mapping in quotes: \"{ mode: none }\"",
                        );
                        return None;
                    }
                }
            }
            Axis::of(path, values)
        }
        Content::Map(_) => Err("this is a mapping".into()),
    };
    match read {
        Ok(axis) => Some(axis),
        Err(why) => {
            r.wrong(item, why, "a list of values, or FROM..TO:log, FROM..TO:log:N or FROM..TO:lin:N");
            None
        }
    }
}
