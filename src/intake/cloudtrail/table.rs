//! Events as rows of a table: CSV of Athena, CloudTrail Lake, Logs Insights and CloudTrail's console.
//!
//! Columns are found by name, whatever its case and punctuation. Structures stand in them as JSON, or as Athena and Lake
//! print them: `{type=AssumedRole, accountid=1111, sessioncontext={…}}`.

use super::event::{Identity, Loose, Parameters, Record, Resources};
use csv::StringRecord;
use std::borrow::Cow;
use std::io::Read;
use std::sync::Arc;

/// Columns whose field is a whole event.
const WHOLE: [&str; 5] = ["message", "cloudtrailevent", "eventjson", "eventdata", "event"];

/// A column's name without case and punctuation.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a first line names columns of events.
pub(super) fn is_header(line: &str) -> bool {
    let names: Vec<String> = line.split(',').map(plain).collect();
    let has = |name: &str| names.iter().any(|each| each == name);
    names.iter().any(|name| WHOLE.contains(&name.as_str())) && !line.contains(['{', '}'])
        || has("eventname") && has("eventtime")
}

/// Where what stands.
#[derive(Debug)]
pub(super) struct Columns {
    /// Names without case and punctuation.
    names: Vec<String>,
    /// The column that holds whole events.
    whole: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord) -> Columns {
        let names: Vec<String> = header.iter().map(plain).collect();
        let whole = names.iter().position(|name| WHOLE.contains(&name.as_str()));
        Columns { names, whole }
    }

    /// The field of the first of `names` that is there and not empty.
    fn get<'r>(&self, row: &'r StringRecord, names: &[&str]) -> Loose<'r> {
        let fields =
            names.iter().filter_map(|name| row.get(self.names.iter().position(|each| each == name)?));
        fields.map(Loose::of).find(|field| field.0.is_some()).unwrap_or_default()
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|each| each == name)
    }

    /// The text of the row's event, where the table has a column of whole ones.
    pub(super) fn whole<'r>(&self, row: &'r StringRecord) -> Option<&'r str> {
        self.whole.map(|at| row.get(at).unwrap_or_default())
    }

    /// The row as a record.
    pub(super) fn record<'r>(&self, row: &'r StringRecord) -> Record<'r> {
        record(self, row)
    }
}

/// Reads a table and hands on its rows.
///
/// # Errors
/// Its text is no CSV, or it lacks a column without which an event is none.
pub(super) fn read(
    input: impl Read,
    found: &mut dyn FnMut(&Arc<Columns>, &StringRecord),
) -> Result<(), String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
    let columns = Arc::new(Columns::of(reader.headers().map_err(|e| e.to_string())?));
    if columns.whole.is_none() {
        let lacks: Vec<&str> = [("eventsource", "eventSource"), ("awsregion", "awsRegion")]
            .into_iter()
            .filter_map(|(plain, name)| (!columns.has(plain)).then_some(name))
            .collect();
        if !lacks.is_empty() {
            return Err(format!(
                "the table has no column {}; select it too (docs/IMPORT.md has a query that does)",
                lacks.join(" and ")
            ));
        }
    }
    let mut row = StringRecord::new();
    while reader.read_record(&mut row).map_err(|e| e.to_string())? {
        found(&columns, &row);
    }
    Ok(())
}

fn record<'r>(columns: &Columns, row: &'r StringRecord) -> Record<'r> {
    let get = |names: &[&str]| columns.get(row, names);
    let struct_of = |names: &[&str]| match get(names).0 {
        Some(Cow::Borrowed(text)) => text,
        _ => "",
    };
    let mut identity = identity(struct_of(&["useridentity"]));
    let lay = |slot: &mut Loose<'r>, names: &[&str]| {
        let found = get(names);
        if found.0.is_some() {
            *slot = found;
        }
    };
    lay(&mut identity.kind, &["identitytype", "useridentitytype"]);
    lay(&mut identity.account, &["accountid", "useridentityaccountid", "calleraccount"]);
    lay(&mut identity.invoked_by, &["invokedby", "useridentityinvokedby"]);
    lay(&mut identity.user, &["username", "useridentityusername"]);
    lay(&mut identity.role, &["rolename", "useridentitysessioncontextsessionissuerusername"]);
    let mut resources = resources(struct_of(&["resources"]));
    resources.0.extend(get(&["keyarn", "resourcearn", "resourcesarn"]).0);
    let mut parameters = parameters(struct_of(&["requestparameters"]));
    lay(&mut parameters.key, &["keyid"]);
    Record {
        event_source: get(&["eventsource"]),
        event_name: get(&["eventname"]),
        event_type: get(&["eventtype"]),
        event_category: get(&["eventcategory"]),
        event_time: get(&["eventtime"]),
        aws_region: get(&["awsregion"]),
        event_id: get(&["eventid"]),
        shared_event_id: get(&["sharedeventid"]),
        request_id: get(&["requestid"]),
        user_agent: get(&["useragent"]),
        error_code: get(&["errorcode"]),
        recipient_account_id: get(&["recipientaccountid"]),
        user_identity: identity,
        request_parameters: parameters,
        resources,
        ..Record::default()
    }
}

/// The value of `name` in a structure as Athena prints it; the first there is.
fn part<'t>(text: &'t str, name: &str) -> Loose<'t> {
    let mut from = 0;
    while let Some(found) = text[from..].find(name).map(|at| at + from) {
        let rest = &text[found + name.len()..];
        let begins = text[..found].ends_with(['{', ' ', ',', '[']);
        if let Some(value) = rest.strip_prefix('=').filter(|_| begins) {
            let end = value.find([',', '}', ']']).unwrap_or(value.len());
            return Loose::of(value[..end].trim());
        }
        from = found + name.len();
    }
    Loose::default()
}

/// `text` in lower case if that is as long, so that names are found as Athena and Lake write them.
fn names_of(text: &str) -> [&str; 2] {
    match text.find("sessioncontext=").or_else(|| text.find("sessionContext=")) {
        Some(at) => [&text[..at], &text[at..]],
        None => [text, ""],
    }
}

fn either<'t>(text: &'t str, names: [&str; 2]) -> Loose<'t> {
    let first = part(text, names[0]);
    if first.0.is_some() { first } else { part(text, names[1]) }
}

fn identity(text: &str) -> Identity<'_> {
    if let Ok(identity) = serde_json::from_str(text) {
        return identity;
    }
    let [own, session] = names_of(text);
    let issuer = session.find("issuer=").or_else(|| session.find("Issuer=")).map_or("", |at| &session[at..]);
    Identity {
        kind: part(own, "type"),
        account: either(own, ["accountid", "accountId"]),
        invoked_by: either(own, ["invokedby", "invokedBy"]),
        user: either(own, ["username", "userName"]),
        role: either(issuer, ["username", "userName"]),
    }
}

fn resources(text: &str) -> Resources<'_> {
    if let Ok(resources) = serde_json::from_str(text) {
        return resources;
    }
    let mut found = Resources::default();
    let mut rest = text;
    while let Some(at) = rest.find("arn=").or_else(|| rest.find("ARN=")) {
        rest = &rest[at + 4..];
        let end = rest.find([',', '}', ']']).unwrap_or(rest.len());
        found.0.extend(Loose::of(rest[..end].trim()).0);
    }
    found
}

fn parameters(text: &str) -> Parameters<'_> {
    if let Ok(parameters) = serde_json::from_str(text) {
        return parameters;
    }
    let context = text.find("encryptionContext={").map(|at| &text[at + 19..]);
    let context = context.and_then(|rest| rest.split('}').next()).filter(|inner| !inner.is_empty());
    let algorithms = ["signingAlgorithm", "encryptionAlgorithm"];
    Parameters {
        key: part(text, "keyId"),
        source_key: part(text, "sourceKeyId"),
        algorithm: either(text, algorithms),
        context: context.map(|inner| {
            let mut pairs: Vec<&str> = inner.split(", ").collect();
            pairs.sort_unstable();
            pairs.join(";")
        }),
        ..Parameters::default()
    }
}
