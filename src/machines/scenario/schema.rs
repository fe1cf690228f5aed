//! The JSON Schema of scenarios, made of the same table of keys that the reader uses.

use super::keys;
use crate::language::{Key, Names, Shape, Table};
use serde_json::{Map, Value, json};

/// The JSON Schema (draft 2020-12) of a scenario file.
pub fn scenario() -> Value {
    let mut definitions = Map::new();
    let mut schema = table(keys::table(), &mut definitions);
    if let Value::Object(map) = &mut schema {
        map.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
        map.insert("$id".into(), json!("keystorm.scenario/1"));
        map.insert("title".into(), json!("keystorm scenario"));
        map.insert(
            "description".into(),
            json!("A question about AWS KMS: load, quotas and the strategies to compare."),
        );
        map.insert("$defs".into(), Value::Object(definitions));
    }
    schema
}

fn table(table: &Table, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for key in table.keys {
        properties.insert(key.name.into(), property(key, definitions));
    }
    let others = table.others.as_ref().map(|others| (others.names, shape(others.shape, definitions)));
    let mut additional = json!(false);
    if let Some((names, schema)) = others {
        match names.list() {
            Some(list) => properties.extend(list.into_iter().map(|name| (name.to_owned(), schema.clone()))),
            None => additional = schema,
        }
    }
    let required: Vec<&str> = table.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": additional,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn property(key: &Key, definitions: &mut Map<String, Value>) -> Value {
    let mut schema = shape(&key.shape, definitions);
    let mut about = key.about.to_owned();
    if key.later {
        about = format!("Not built yet. {about}");
    }
    if !key.with.is_empty() {
        about = format!("{about} Goes with: {}.", key.with.join(", "));
    }
    schema["description"] = json!(about);
    schema
}

fn shape(shape_: &Shape, definitions: &mut Map<String, Value>) -> Value {
    let written =
        |pattern: &str| json!({"type": "string", "pattern": pattern, "examples": [shape_.example()]});
    match shape_ {
        Shape::Text => json!({"type": "string"}),
        Shape::Words(words) => json!({"enum": words}),
        Shape::Named(names) => named(*names),
        Shape::Whole(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Shape::Number => json!({"type": "number", "minimum": 0}),
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Rate => written(r"^\s*[0-9]+(\.[0-9]+)?\s*/\s*(s|sec|m|min|h)\s*$"),
        Shape::Duration => written(r"^\s*([0-9]+(\.[0-9]+)?(d|h|m|s|ms|us|ns))+\s*$"),
        Shape::Ratio => json!({"anyOf": [
            written(r"^\s*[0-9]+(\.[0-9]+)?\s*%?\s*$"),
            {"type": "number", "minimum": 0, "maximum": 1},
        ]}),
        Shape::Size => written(r"^\s*[0-9]+(\.[0-9]+)?\s*(B|[kK]B|KiB|MB|MiB|GB|GiB|TiB)\s*$"),
        Shape::Pattern(pattern, _) => written(pattern),
        Shape::Map(inner) => defined(inner, definitions),
        Shape::Record(inner) => defined(inner(), definitions),
        Shape::List(item) => json!({"type": "array", "items": shape(item, definitions)}),
        Shape::Either(shapes) => {
            let any: Vec<Value> = shapes.iter().map(|each| shape(each, definitions)).collect();
            json!({"anyOf": any})
        }
        Shape::Anything => json!({}),
    }
}

/// Refers to a table, which is defined once.
fn defined(inner: &Table, definitions: &mut Map<String, Value>) -> Value {
    if !definitions.contains_key(inner.name) {
        definitions.insert(inner.name.into(), Value::Null);
        let schema = table(inner, definitions);
        definitions.insert(inner.name.into(), schema);
    }
    json!({"$ref": format!("#/$defs/{}", inner.name)})
}

fn named(names: Names) -> Value {
    match names.list() {
        Some(list) => json!({"enum": list}),
        None => json!({"type": "string"}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every table that can be reached from the file's own, once.
    fn tables(from: &'static Table, all: &mut Vec<&'static Table>) {
        fn visit(shape: &'static Shape, all: &mut Vec<&'static Table>) {
            match shape {
                Shape::Map(table) => tables(table, all),
                Shape::Record(table) => tables(table(), all),
                Shape::List(item) => visit(item, all),
                Shape::Either(shapes) => shapes.iter().for_each(|each| visit(each, all)),
                _ => {}
            }
        }
        if all.iter().any(|each| std::ptr::eq(*each, from)) {
            return;
        }
        all.push(from);
        from.keys.iter().for_each(|key| visit(&key.shape, all));
        from.others.iter().for_each(|others| visit(others.shape, all));
    }

    #[test]
    fn every_key_of_the_reader_is_in_the_schema_and_no_other() {
        let schema = scenario();
        let mut all = Vec::new();
        tables(keys::table(), &mut all);
        assert!(all.len() > 25, "{}", all.len());
        let mut names: Vec<&str> = all.iter().map(|table| table.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "two tables share a name: {names:?}");
        for table in &all {
            let part = if table.name == "scenario" { &schema } else { &schema["$defs"][table.name] };
            let listed = table.others.as_ref().and_then(|others| others.names.list()).unwrap_or_default();
            let mut expected: Vec<&str> = table.keys.iter().map(|key| key.name).chain(listed).collect();
            let mut found: Vec<&str> =
                part["properties"].as_object().expect("properties").keys().map(String::as_str).collect();
            expected.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, expected, "{}", table.name);
        }
    }

    #[test]
    fn keys_that_are_not_built_say_so() {
        let schema = scenario();
        let about = schema["properties"]["accounts"]["description"].as_str().expect("a description");
        assert!(about.starts_with("Not built yet"));
    }
}
