//! What a scenario is run over.

use crate::language::tree::Content;
use crate::language::{FREE_NAMES, Form, Item, Map, Others, Reader, Shape, Table, key, record};
use crate::scenario::sweep::Axis;
use serde_yaml::Value;

/// The most fields that one sweep varies.
const MAX_AXES: usize = 8;

record! {
    /// A grid of values.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Sweep as "sweep" {
        /// What is varied.
        pub over: Vec<Axis> = key(
            "over",
            "Values to try by the field that they are laid over: a list, FROM..TO:log, FROM..TO:log:N or FROM..TO:lin:N.",
            Over,
        )
        .needed(),
    }
}

/// Fields that a sweep varies, as `--set` names them.
static OVER: Table = Table {
    name: "over",
    keys: &[],
    others: Some(Others {
        names: FREE_NAMES,
        shape: &Shape::Either(&[Shape::Text, Shape::Number, Shape::List(&SWEPT)]),
    }),
};
const SWEPT: Shape = Shape::Either(&[Shape::Text, Shape::Number, Shape::Bool]);

/// Values under each field.
struct Over;

impl Form for Over {
    type Value = Vec<Axis>;
    fn shape(&self) -> Shape {
        Shape::Map(&OVER)
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Vec<Axis>> {
        let over = r.fields(item, &OVER)?;
        let mut axes = Vec::new();
        for (entry, item) in over.named() {
            axes.extend(axis(r, &entry.key, &item));
        }
        let many = over.named().count();
        if many == 0 || many > MAX_AXES {
            let message = "there is no field to vary, or too many";
            r.wrong(&over.item, message, format!("1 to {MAX_AXES} fields"));
        }
        Some(axes)
    }
    fn write(&self, value: &Vec<Axis>) -> Value {
        let values =
            |axis: &Axis| Value::Sequence(axis.values.iter().map(|each| each.as_str().into()).collect());
        value.iter().fold(Map::default(), |map, axis| map.put(&axis.path, values(axis))).into()
    }
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
