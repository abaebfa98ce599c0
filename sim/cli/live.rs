//! `loadbank run --live`

use std::net::SocketAddr;
use std::path::Path;

use super::exit::Exit;
use super::{complain, note};
use crate::report::live::Live;
use crate::report::run::Manifest;

/// Serves the page of the run that begins, whose effective scenario is `yaml`, where `--live` asks
/// for it.
pub(super) fn start(
    address: Option<SocketAddr>,
    manifest: &Manifest,
    yaml: &str,
) -> Result<Option<Live>, Exit> {
    let Some(address) = address else { return Ok(None) };
    let live = Live::start(address, manifest, yaml).map_err(|error| {
        complain(
            &format!("--live: cannot listen on `{address}`: {error}"),
            Some("another port, or port 0 for one that is free: `--live 127.0.0.1:0`"),
        );
        Exit::Usage
    })?;
    note(&format!("the run is shown at {} while it goes on", live.url()));
    Ok(Some(live))
}

/// Hands the report in `folder` to the pages that are open. That they do not get it is no fault of
/// the run, which is written.
pub(super) fn end(live: Live, folder: &Path) {
    if let Err(error) = live.end(folder) {
        tracing::warn!(%error, "open pages were not given the report");
    }
}

/// An address of this machine alone. The page is not encrypted, so its address, which is all that guards it,
/// must not leave this machine.
pub(super) fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| {
        "not an address and a port, such as `127.0.0.1:7417`; FILE goes before `--live`".to_owned()
    })?;
    match address.ip().is_loopback() {
        true => Ok(address),
        false => {
            Err("not an address of this machine alone; to look on from another, forward the port: \
             `ssh -L 7417:127.0.0.1:7417 HOST`"
                .to_owned())
        }
    }
}
