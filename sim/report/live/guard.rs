//! Who may ask: nobody but a page of this server, under a name of this machine.
//!
//! A page from elsewhere may have its own name point to this machine and then read what is served
//! here (DNS rebinding). Its requests bear that name, and are refused.

use std::net::SocketAddr;

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

    /// Whether a request for `host` from a page of `origin` is answered; no origin is named where a
    /// page is opened by hand.
    pub(super) fn lets_in(&self, host: Option<&str>, origin: Option<&str>) -> bool {
        let knows = |host: &str| self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host));
        host.is_some_and(knows)
            && origin.is_none_or(|origin| origin.strip_prefix("http://").is_some_and(knows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_with_its_port_are_let_in() {
        let guard = Guard::new("127.0.0.2:7417".parse().unwrap());
        for host in
            ["localhost:7417", "LOCALHOST:7417", "127.0.0.1:7417", "[::1]:7417", "127.0.0.2:7417"]
        {
            assert!(guard.lets_in(Some(host), None), "{host}");
            assert!(guard.lets_in(Some(host), Some(&format!("http://{host}"))), "{host}");
            assert!(!guard.lets_in(Some(host), Some("http://evil.example:7417")), "{host}");
            assert!(!guard.lets_in(Some(host), Some(&format!("https://{host}"))), "{host}");
            assert!(!guard.lets_in(Some(host), Some("null")), "{host}");
        }
        for host in [
            "evil.example:7417",
            "localhost",
            "localhost:7418",
            "127.0.0.1.evil.example:7417",
            "",
            "localhost:7417.evil",
        ] {
            assert!(!guard.lets_in(Some(host), None), "{host}");
        }
        assert!(!guard.lets_in(None, None));
        let plain = Guard::new("127.0.0.1:80".parse().unwrap());
        assert!(
            plain.lets_in(Some("localhost"), None) && plain.lets_in(Some("localhost:80"), None)
        );
    }
}
