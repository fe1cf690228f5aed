//! `keystorm new`: a commented scenario to start from.

use super::{Common, Error, output};
use crate::scenario::templates;
use std::fmt::Write;
use std::process::ExitCode;

/// Options of `new`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which one; `--list` shows all.
    #[arg(short, long, default_value = templates::ALL[0].name, env = "KEYSTORM_TEMPLATE")]
    template: String,
    /// Print the names of all templates and what they show.
    #[arg(long, conflicts_with = "template")]
    list: bool,
}

/// Runs the command.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    if args.list {
        output::print(list(common.json))?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(template) = templates::named(&args.template) else {
        let names: Vec<&str> = templates::ALL.iter().map(|template| template.name).collect();
        return Err(Error::Usage(format!(
            "there is no template `{}`; one of {}",
            args.template,
            names.join(", ")
        )));
    };
    if common.json {
        let document =
            serde_json::json!({ "name": template.name, "about": template.about, "text": template.text });
        output::print(format!("{document:#}\n"))?;
    } else {
        output::print(template.text)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn list(json: bool) -> String {
    if json {
        let all = templates::ALL.map(|each| serde_json::json!({ "name": each.name, "about": each.about }));
        return format!("{:#}\n", serde_json::Value::from(all.to_vec()));
    }
    let mut out = String::new();
    for template in templates::ALL {
        let _ = writeln!(out, "{:<12} {}", template.name, template.about);
    }
    out
}
