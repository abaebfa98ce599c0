//! Who may ask: whoever has the address of the page, from no page but its own, under a name of this
//! machine.
//!
//! A page from elsewhere may have its own name point to this machine and then read what is served
//! here (DNS rebinding). Its requests bear that name, and are refused. On a machine that several
//! people share, others see the port, but not the secret in the address.

use std::io;
use std::net::SocketAddr;

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName};

/// Whether a page of another site asks: browsers say it, and let no page change it.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What tells the address of a page from those that others may guess: 128 random bits.
///
/// # Errors
///
/// Where the system has no random numbers.
pub(super) fn secret() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The names under which a server at an address may be asked.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    hosts: Vec<String>,
}

impl Guard {
    pub(super) fn new(address: SocketAddr) -> Self {
        let port = address.port();
        let names = ["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}:{port}"));
        let mut hosts = names.to_vec();
        hosts.push(address.to_string());
        if port == 80 {
            hosts.extend(
                hosts.clone().iter().filter_map(|host| Some(host.strip_suffix(":80")?.to_owned())),
            );
        }
        Self { hosts }
    }

    /// Whether a request with `headers` is answered. No origin is named where a page is opened by
    /// hand.
    pub(super) fn lets_in(&self, headers: &HeaderMap) -> bool {
        let told = |name: HeaderName| headers.get(name).map(|it| it.to_str().unwrap_or_default());
        let knows = |host: &str| self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host));
        told(HOST).is_some_and(knows)
            && told(ORIGIN).is_none_or(|origin| origin.strip_prefix("http://").is_some_and(knows))
            && told(SEC_FETCH_SITE).is_none_or(|site| site != "cross-site")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lets_in(guard: &Guard, headers: &[(HeaderName, &str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
        guard.lets_in(&headers.collect())
    }

    #[test]
    fn only_names_of_this_machine_with_its_port_are_let_in() {
        let guard = Guard::new("127.0.0.2:7417".parse().unwrap());
        for host in
            ["localhost:7417", "LOCALHOST:7417", "127.0.0.1:7417", "[::1]:7417", "127.0.0.2:7417"]
        {
            let asked = |origin: &str| lets_in(&guard, &[(HOST, host), (ORIGIN, origin)]);
            assert!(lets_in(&guard, &[(HOST, host)]), "{host}");
            assert!(asked(&format!("http://{host}")), "{host}");
            assert!(!asked("http://evil.example:7417"), "{host}");
            assert!(!asked(&format!("https://{host}")), "{host}");
            assert!(!asked("null"), "{host}");
        }
        for host in [
            "evil.example:7417",
            "localhost",
            "localhost:7418",
            "127.0.0.1.evil.example:7417",
            "",
            "localhost:7417.evil",
        ] {
            assert!(!lets_in(&guard, &[(HOST, host)]), "{host}");
        }
        assert!(!lets_in(&guard, &[]));
        let plain = Guard::new("127.0.0.1:80".parse().unwrap());
        assert!(["localhost", "localhost:80"].iter().all(|host| lets_in(&plain, &[(HOST, host)])));
    }

    #[test]
    fn pages_of_other_sites_are_not_let_in() {
        let guard = Guard::new("127.0.0.1:7417".parse().unwrap());
        let from =
            |site: &str| lets_in(&guard, &[(HOST, "localhost:7417"), (SEC_FETCH_SITE, site)]);
        assert!(from("same-origin") && from("none"), "its own page, an address typed in");
        assert!(!from("cross-site"));
    }
}
