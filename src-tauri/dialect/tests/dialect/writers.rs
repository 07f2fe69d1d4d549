//! What we write ourselves: vectors and lists of models.

use dialect::{Dialect, ModelEntry, embeddings_reply, model_entry, models_list};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("we write UTF-8")
}

#[test]
fn embeddings() {
    let vectors = [vec![0.0, 1.0, -0.5], vec![0.25]];
    let floats = embeddings_reply("e", &vectors, false, 9);
    let base64 = embeddings_reply("e", &vectors, true, 9);
    insta::assert_snapshot!(format!("{}\n{}", text(&floats), text(&base64)));
}

#[test]
fn models() {
    let model = |id: &str, max_input| ModelEntry {
        id: id.to_owned(),
        display_name: format!("The {id}"),
        owned_by: "acme".to_owned(),
        created_unix_s: 1_763_769_600,
        max_input,
        max_output: max_input.map(|n: u64| n / 2),
    };
    let models = [model("big", Some(200_000)), model("fast", None)];
    let golden: Vec<_> = Dialect::ALL
        .iter()
        .flat_map(|&d| {
            [
                models_list(d, &models),
                model_entry(d, &models[0]),
                models_list(d, &[]),
            ]
        })
        .map(|bytes| text(&bytes).to_owned())
        .collect();
    insta::assert_snapshot!(golden.join("\n"));
}
