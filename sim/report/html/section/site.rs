//! The one-line diagram of the site.

use super::super::diagram;
use super::super::parts::{Page, Section};

pub(super) fn site(page: &Page<'_>) -> Option<Section> {
    let graph = page.run.graph.as_ref()?;
    let run = page.run;
    let mut body = String::new();
    if run.states.is_some() {
        body += CONTROLS;
    }
    body += &diagram::figure_html(run, graph);
    if run.states.is_some() {
        body += LEGEND;
    }
    Some(Section {
        id: "site".to_owned(),
        heading: "The site".to_owned(),
        question:
            "Power runs from the feed at the top to the racks; heat leaves below along dashed \
                   lines. Grey is normal."
                .to_owned(),
        body,
    })
}

/// What moves through the run; shown where a script runs.
const CONTROLS: &str = "<div class=\"controls\" role=\"group\" aria-label=\"Moment\">\
    <button type=\"button\" id=\"before\">Previous incident</button>\
    <button type=\"button\" id=\"play\">Play</button>\
    <button type=\"button\" id=\"after\">Next incident</button>\
    <label for=\"speed\">Speed</label><select id=\"speed\"><option value=\"60\">1 min/s</option>\
    <option value=\"600\" selected>10 min/s</option><option value=\"3600\">1 h/s</option>\
    <option value=\"86400\">1 d/s</option></select>\
    <label for=\"mode\">Show</label><select id=\"mode\"><option value=\"state\">states</option>\
    <option value=\"utilisation\">utilisation</option><option value=\"losses\">losses</option></select>\
    <label for=\"moment\">Moment</label><input type=\"range\" class=\"scrub\" id=\"moment\">\
    <output class=\"moment\" id=\"now\" for=\"moment\"></output></div>\n";

const LEGEND: &str = "<p class=\"question\">Frame and word mark what is not normal: <b>failed</b> \
    is filled, for it is the cause; what follows is outlined: <b>no power</b>, <b>tripped</b>, \
    <b>starved</b> (its pumps or fans have no power; dots), <b>reduced</b> and <b>slow</b> \
    (dashes). Under <b>utilisation</b> a box is shaded by the most that its fullest unit carried of its \
    rating in the run (below 25, 50 and 80 %, above; a frame from 95 % on); under <b>losses</b> its bar is \
    its mean loss beside the largest.</p>\n";
