//! The page around the sections: head, policy, contents, scripts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::number::escape;
use super::parts::{Page, Section};
use super::run::Run;
use super::{script, section, style};

/// The page of a run.
pub(super) fn page(run: &Run) -> String {
    let Told { name, head, sections, data } = told(run, None);
    document(name, &head, &sections, &Script::charts(&data))
}

/// The page of a run that goes on, told up to `place`.
#[cfg(feature = "live")]
pub(super) fn live_page(run: &Run, place: &str) -> String {
    let Told { name, head, sections, data } = told(run, Some(place));
    let head = format!("{PROGRESS}<div id=\"head\">\n{head}</div>\n");
    document(name, &head, &sections, &Script::live(&data))
}

/// How far a run is, above all else; a script fills it in.
#[cfg(feature = "live")]
const PROGRESS: &str = "<p class=\"live\"><progress id=\"progress\" max=\"1\" \
    aria-label=\"How much of the run is simulated\"></progress> <span id=\"running\">The run goes on; \
    without a script this page stands still.</span> <button type=\"button\" id=\"renew\" hidden>Renew \
    them</button></p>\n";

/// What a page tells of a run.
struct Told<'a> {
    name: &'a str,
    head: String,
    sections: Vec<Section>,
    data: String,
}

fn told<'a>(run: &'a Run, place: Option<&str>) -> Told<'a> {
    let bands = section::bands(run);
    let page = Page::new(run, bands.clone());
    let head = section::verdict(&page);
    let mut sections = section::sections(&page);
    let data = script::data(run, &page.into_charts(), &bands, place);
    let told = |text: &str| run.currency.tell(text).into_owned();
    // Sources and commands are quoted as they were written.
    let is_quoted = |section: &Section| ["sources", "repeat"].contains(&section.id.as_str());
    for section in sections.iter_mut().filter(|section| !is_quoted(section)) {
        section.body = told(&section.body);
    }
    let name = run.summary["scenario"].as_str().unwrap_or_default();
    Told { name, head: told(&head), sections, data: told(&data) }
}

/// What runs in a page, and what it reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Script<'a> {
    texts: &'static [&'static str],
    data: Option<&'a str>,
    /// What the policy adds for it.
    policy: &'static str,
}

impl<'a> Script<'a> {
    /// The choice of a theme.
    pub(super) const THEME: Self = Self { texts: &[script::THEME], data: None, policy: "" };

    /// Charts that can be asked.
    fn charts(data: &'a str) -> Self {
        Self { texts: &[script::VENDOR, script::OWN], data: Some(data), policy: "" }
    }

    /// The same, which grow: they ask the server that the page comes from, and nobody else.
    #[cfg(feature = "live")]
    fn live(data: &'a str) -> Self {
        Self {
            texts: &[script::VENDOR, script::OWN, script::LIVE],
            data: Some(data),
            policy: "; connect-src 'self'",
        }
    }
}

/// A whole document: `head` above, `sections` below.
pub(super) fn document(
    title: &str,
    head: &str,
    sections: &[Section],
    script: &Script<'_>,
) -> String {
    let Script { texts, data, policy: more } = script;
    let style = style::style_sheet();
    let style = match data {
        Some(_) => style + script::VENDOR_STYLE + script::LIVE_STYLE,
        None => style,
    };
    let hashes: String = texts.iter().map(|script| format!(" '{}'", hash(script))).collect();
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src{hashes}{more}; base-uri 'none'; \
         form-action 'none'",
        hash(&style)
    );
    let contents: String = sections
        .iter()
        .map(|s| format!("<li><a href=\"#{}\">{}</a></li>", s.id, escape(&s.heading)))
        .collect();
    let body: String = sections.iter().map(section_html).collect();
    let data = data.map_or(String::new(), |data| {
        format!("<script type=\"application/json\" id=\"data\">{data}</script>\n")
    });
    let scripts: String =
        texts.iter().map(|script| format!("<script>{script}</script>\n")).collect();
    let title = escape(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"generator\" content=\"loadbank {version}\">\n\
         <title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n<div class=\"page\">\n\
         <nav aria-label=\"Contents\"><ul>{contents}</ul>\
         <div class=\"controls\"><label for=\"theme\">Theme</label>\
         <select id=\"theme\"><option value=\"\">as the system</option>\
         <option value=\"light\">light</option><option value=\"dark\">dark</option></select>\
         {reset}</div></nav>\n<main>\n{head}{body}\
         <footer>Made by loadbank {version}.</footer>\n</main>\n</div>\n{data}{scripts}</body>\n\
         </html>\n",
        version = env!("CARGO_PKG_VERSION"),
        reset = if data.is_empty() {
            ""
        } else {
            "<button type=\"button\" id=\"all\">Show all time</button>"
        },
    )
}

fn section_html(section: &Section) -> String {
    let Section { id, heading, question, body } = section;
    format!(
        "<section id=\"{id}\" aria-labelledby=\"h-{id}\">\n<h2 id=\"h-{id}\" dir=\"auto\">{}</h2>\n\
         <p class=\"question\">{}</p>\n{body}</section>\n",
        escape(heading),
        escape(question)
    )
}

/// The source expression that allows exactly `text`.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}
