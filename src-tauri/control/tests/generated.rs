//! The panel's generated types are fresh. Set `SIGNALBOX_GENERATE=1` to write them.

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/src/api/generated.ts");

#[test]
fn generated_types_are_fresh() {
    let wanted = control::typescript();
    if std::env::var_os("SIGNALBOX_GENERATE").is_some() {
        std::fs::write(FILE, &wanted).expect("the panel's folder can be written");
    }
    let found = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        found == wanted,
        "ui/src/api/generated.ts is not what the control table says; run `make generated`"
    );
}
