//! What is reached, and what a file is taken for.

use super::*;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

#[test]
fn nothing_but_the_public_internet_is_reached() {
    let fetch = Fetch::new().expect("a client");
    for (url, why) in [
        ("http://127.0.0.1/a.png", "not on the public internet"),
        ("http://2130706433/a.png", "not on the public internet"),
        ("http://0x7f.1/a.png", "not on the public internet"),
        ("http://[::1]/a.png", "not on the public internet"),
        (
            "http://[::ffff:10.0.0.1]/a.png",
            "not on the public internet",
        ),
        (
            "http://169.254.169.254/latest",
            "not on the public internet",
        ),
        ("https://example.com:8443/a.png", "port 8443"),
        ("https://me:secret@example.com/a.png", "password"),
        ("ftp://example.com/a.png", "`ftp`"),
        ("file:///etc/passwd", "`file`"),
    ] {
        let told = fetch
            .client_for(&Url::parse(url).expect(url), &[])
            .expect_err(url);
        assert!(told.contains(why), "{url}: {told}");
        assert!(!told.contains("secret"), "{told}");
    }
    let listed = ["127.0.0.1:8080".to_owned()];
    let at = |url: &str| {
        fetch
            .client_for(&Url::parse(url).expect(url), &listed)
            .is_ok()
    };
    assert!(at("http://127.0.0.1:8080/a.png"));
    assert!(!at("http://127.0.0.1:8081/a.png"));
    assert!(!at("http://127.0.0.1/a.png"));
    assert!(at("https://example.com/a.png"));
}

#[test]
fn a_name_that_stands_for_this_machine_is_not_resolved() {
    let fetch = Fetch::new().expect("a client");
    let allowance = Allowance::of(1);
    let file = fetch.file("http://localhost/a.png", MediaKind::Image, &[], &allowance);
    let told = runtime().block_on(file).expect_err("refused");
    assert!(told.contains("not on the public internet"), "{told}");
}

#[test]
fn the_type_is_what_the_bytes_say_or_else_the_server() {
    use MediaKind::{Document, Image};
    let png = b"\x89PNG\r\n\x1a\n....";
    for (bytes, declared, kind, expected) in [
        (&png[..], "text/plain", Image, Ok("image/png")),
        (b"RIFF....WEBPVP8 ", "", Image, Ok("image/webp")),
        (b"....", "image/avif; q=1", Image, Ok("image/avif")),
        (b"%PDF-1.7", "", Document, Ok("application/pdf")),
        (
            b"%PDF-1.7",
            "",
            Image,
            Err("it is not a picture but application/pdf"),
        ),
        (png, "", Document, Err("it is not a PDF but image/png")),
        (
            b"\n<!doctype html>",
            "image/png",
            Image,
            Err("it is not a picture but text/html"),
        ),
        (
            b"....",
            "",
            Image,
            Err("it is not a picture but of no known type"),
        ),
    ] {
        let found = type_of(bytes, declared, kind);
        let found = found.as_deref().map_err(String::as_str);
        assert_eq!(found, expected, "{declared}");
    }
}

#[test]
fn an_allowance_is_spent_and_no_more() {
    let allowance = Allowance::of(10);
    assert!(allowance.take(6) && allowance.take(4));
    assert!(!allowance.take(1));
}
