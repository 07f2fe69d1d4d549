//! What of the log is written, as the two programs have it.

/// The directives for the log, where `SIGNALBOX_LOG` holds `asked`.
///
/// The library that speaks to MCP servers writes what they answer word for word, and a server may repeat the
/// token it was sent: nothing of it is written unless it is asked for by its name.
pub fn log_directives(asked: Option<&str>) -> String {
    let asked = asked.map_or("", str::trim);
    let asked = if asked.is_empty() { "warn" } else { asked };
    let mut directives = asked.split(',');
    if directives.any(|one| one.trim_start().starts_with("rmcp")) {
        asked.to_owned()
    } else {
        format!("{asked},rmcp=off")
    }
}

#[cfg(test)]
mod tests {
    use super::log_directives;

    #[test]
    fn what_mcp_servers_say_is_left_out_unless_it_is_asked_for_by_name() {
        assert_eq!(log_directives(None), "warn,rmcp=off");
        assert_eq!(log_directives(Some(" ")), "warn,rmcp=off");
        assert_eq!(log_directives(Some("debug")), "debug,rmcp=off");
        assert_eq!(
            log_directives(Some("info,mcp=debug")),
            "info,mcp=debug,rmcp=off"
        );
        assert_eq!(log_directives(Some("info, rmcp=info")), "info, rmcp=info");
    }
}
