//! What is shown when the proxy can't start: the reason on stderr for those who
//! started it there, and in a small window for those who clicked an icon.

use std::process::ExitCode;

use tauri::http::{Response, header};
use tauri::{WebviewUrl, WebviewWindowBuilder};

/// Shows the problem, waits until it is closed, and fails.
pub(crate) fn show(problem: &str) -> ExitCode {
    crate::complain(problem);
    let page = page(problem);
    let app = tauri::Builder::default()
        .register_uri_scheme_protocol("notice", move |_, _| {
            let response = Response::builder()
                .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
                .header(
                    header::CONTENT_SECURITY_POLICY,
                    "default-src 'none'; style-src 'unsafe-inline'",
                );
            response.body(page.clone().into_bytes()).unwrap_or_default()
        })
        .setup(|app| {
            let url = "notice://localhost/".parse()?;
            WebviewWindowBuilder::new(app, "notice", WebviewUrl::CustomProtocol(url))
                .title("Signalbox can't start")
                .inner_size(520.0, 240.0)
                .center()
                .build()?;
            Ok(())
        })
        .build(tauri::generate_context!());
    if let Ok(app) = app {
        app.run_return(|_, _| {});
    }
    ExitCode::FAILURE
}

fn page(problem: &str) -> String {
    let problem = problem
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!(
        "<!doctype html><meta charset=utf-8><title>Signalbox can't start</title>\
         <style>:root{{color-scheme:light dark}}body{{font:15px/1.5 system-ui,sans-serif;margin:2rem}}\
         h1{{font-size:1.15rem}}p{{white-space:pre-wrap;user-select:text}}</style>\
         <h1>Signalbox can't start</h1><p>{problem}</p>"
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_problem_is_shown_as_text_never_as_markup() {
        let page = super::page("<b>tom & jerry</b>");
        assert!(page.contains("<p>&lt;b&gt;tom &amp; jerry&lt;/b&gt;</p>"));
    }
}
