//! A result in the form that was asked for.
//!
//! Promises: what is told fits the schema, whole, or there is an error. A result that is no object is put into the
//! one field that the schema asks for; nothing is added that the tool did not find.

use serde_json::{Map, Value, json};

use crate::{Done, Trouble, TroubleKind};

/// As some JSON object.
pub fn as_object(done: &Done) -> Value {
    match &done.result {
        Value::Object(_) => done.result.clone(),
        result => json!({ "result": result }),
    }
}

/// As this JSON Schema wants it.
///
/// # Errors
/// It does not fit, in any of the ways that say no more than it does.
pub fn shaped(done: &Done, schema: &Value) -> Result<Value, Trouble> {
    let bare = faces(done);
    let fields = the_one_field(schema);
    let wrapped = fields.into_iter().flat_map(|field| {
        bare.iter().map(move |value| {
            let mut object = Map::new();
            object.insert(field.clone(), value.clone());
            Value::Object(object)
        })
    });
    // Where one field is asked for, what does not fit in it says more than that the bare value is no object.
    let (mut why, mut why_wrapped) = (None, None);
    for (at, value) in bare.iter().cloned().chain(wrapped).enumerate() {
        let kept = if at < bare.len() {
            &mut why
        } else {
            &mut why_wrapped
        };
        match crate::schema::misfit(schema, &value)? {
            None => return Ok(value),
            Some(misfit) => *kept = kept.take().or(Some(misfit)),
        }
    }
    Err(Trouble::new(
        TroubleKind::BadInput,
        format!(
            "its result does not fit the JSON Schema that was asked for ({}). Ask for an object with one field, or \
             for the result as it is.",
            why_wrapped.or(why).unwrap_or_default()
        ),
    ))
}

/// The result as it is, and as text. What only looks like a number (`10`, which is 16 in hex) is none.
fn faces(done: &Done) -> Vec<Value> {
    let mut faces = vec![done.result.clone()];
    let text = Value::String(done.text.clone());
    if !faces.contains(&text) {
        faces.push(text);
    }
    faces
}

/// The only field that an object must have, or may have.
fn the_one_field(schema: &Value) -> Option<String> {
    let required = schema.get("required").and_then(Value::as_array);
    if let Some([Value::String(only)]) = required.map(Vec::as_slice) {
        return Some(only.clone());
    }
    let properties = schema.get("properties")?.as_object()?;
    let mut names = properties.keys();
    let only = names.next()?;
    names.next().is_none().then(|| only.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Done {
        let mut done = Done::text(text);
        done.result = serde_json::from_str(text).unwrap_or(done.result);
        done
    }

    #[test]
    fn what_only_looks_like_a_number_is_none() {
        let schema =
            json!({"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]});
        let asked = json!({ "expression": "16 to hex" });
        let done = crate::calculator::run(&asked, jiff::Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(done.text, "10");
        let trouble = shaped(&done, &schema).unwrap_err();
        // The field is told, and not that a text is no object.
        assert!(trouble.message.contains("number"), "{trouble}");
    }

    #[test]
    fn a_result_goes_into_the_one_field_that_is_asked_for() {
        let schema = json!({"type": "object", "properties": {"answer": {"type": "number"}, "unit": {"type": "string"}},
                            "required": ["answer"]});
        assert_eq!(
            shaped(&found("103.5"), &schema).unwrap(),
            json!({"answer": 103.5})
        );
        assert_eq!(
            shaped(&found("103.5"), &json!({"type": "string"})).unwrap(),
            json!("103.5")
        );
        assert_eq!(
            shaped(&found("7"), &json!({"type": "integer"})).unwrap(),
            json!(7)
        );
    }

    #[test]
    fn what_does_not_fit_is_an_error_and_no_invention() {
        let two = json!({"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
                         "required": ["a", "b"]});
        let trouble = shaped(&found("1"), &two).unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::BadInput);
        let whole =
            json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
        assert!(shaped(&found("1.5"), &whole).is_err());
        // More digits than a double has are told as text or not at all.
        let long = "0.1234567890123456789012345";
        let number =
            json!({"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]});
        assert!(shaped(&Done::text(long), &number).is_err());
    }
}
