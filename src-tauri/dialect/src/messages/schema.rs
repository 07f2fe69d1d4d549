//! JSON Schema within the vendor's bounds.
//!
//! Promises: a schema that is compiled is enforced whole, but for what `is_relaxed` tells: closed
//! objects, and constraints that moved into descriptions. A schema that would lose data (open maps,
//! recursion, mixtures) is an error, with a reason. Compiling twice changes nothing more.

use serde_json::{Map, Value};

/// The most properties that may be left out, over the whole schema.
const MOST_OPTIONAL: usize = 24;
/// Formats of strings that are enforced.
const FORMATS: [&str; 10] = [
    "date-time",
    "time",
    "date",
    "duration",
    "email",
    "hostname",
    "uri",
    "ipv4",
    "ipv6",
    "uuid",
];

/// A schema the vendor takes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Compiled {
    pub(super) schema: Value,
    /// Something is told in a description instead of enforced.
    pub(super) is_relaxed: bool,
}

/// Compiles a schema.
///
/// # Errors
/// A clause saying why the vendor can't enforce it.
pub(super) fn compile(schema: &Value) -> Result<Compiled, &'static str> {
    let root = schema.as_object().ok_or("the schema is not an object")?;
    let mut compiler = Compiler {
        root,
        optional: 0,
        is_relaxed: false,
    };
    compiler.no_recursion(schema, &mut Vec::new(), &mut Vec::new())?;
    let schema = compiler.schema(schema)?;
    if compiler.optional > MOST_OPTIONAL {
        return Err("the schema has more than 24 optional properties");
    }
    Ok(Compiled {
        schema,
        is_relaxed: compiler.is_relaxed,
    })
}

struct Compiler<'a> {
    root: &'a Map<String, Value>,
    optional: usize,
    is_relaxed: bool,
}

impl<'a> Compiler<'a> {
    /// Follows every reference; meeting one again on its own path is recursion. `done` are those
    /// whose paths are known to end.
    fn no_recursion(
        &self,
        schema: &'a Value,
        path: &mut Vec<&'a str>,
        done: &mut Vec<&'a str>,
    ) -> Result<(), &'static str> {
        match schema {
            Value::Array(items) => items
                .iter()
                .try_for_each(|item| self.no_recursion(item, path, done)),
            Value::Object(map) => {
                if let Some(Value::String(to)) = map.get("$ref") {
                    if path.contains(&to.as_str()) {
                        return Err("the schema refers to itself");
                    }
                    if !done.contains(&to.as_str()) {
                        let target = self.referred(to)?;
                        path.push(to);
                        self.no_recursion(target, path, done)?;
                        path.pop();
                        done.push(to);
                    }
                }
                map.iter()
                    .filter(|(key, _)| {
                        !matches!(key.as_str(), "enum" | "const" | "default" | "examples")
                    })
                    .try_for_each(|(_, value)| self.no_recursion(value, path, done))
            }
            _ => Ok(()),
        }
    }

    fn referred(&self, to: &str) -> Result<&'a Value, &'static str> {
        const ELSEWHERE: &str = "the schema refers to something outside its definitions";
        let (list, name) = to
            .strip_prefix("#/")
            .and_then(|path| path.split_once('/'))
            .filter(|(list, _)| matches!(*list, "$defs" | "definitions"))
            .ok_or(ELSEWHERE)?;
        self.root
            .get(list)
            .and_then(|definitions| definitions.get(name))
            .ok_or(ELSEWHERE)
    }

    fn schema(&mut self, schema: &Value) -> Result<Value, &'static str> {
        let Value::Object(given) = schema else {
            return Err("a part of the schema allows anything");
        };
        if let Some(to) = given.get("$ref") {
            return self.reference(given, to);
        }
        if let Some(only) = only_part(given) {
            return self.schema(&only);
        }
        well_formed(given)?;
        let name = type_of(given)?;
        let is_a = |word: &str| name.is_a(word);
        let mut out = Map::new();
        let mut told = Vec::new();
        for (key, value) in given {
            match (key.as_str(), value) {
                ("$schema" | "$id" | "$comment" | "$anchor" | "examples" | "nullable", _)
                    if key != "nullable" || value == false => {}
                ("type" | "enum" | "const" | "title" | "default", _) => {
                    if key == "enum" && !is_simple(value) {
                        return Err("the schema lists values that are lists or objects");
                    }
                    out.insert(key.clone(), value.clone());
                }
                ("description", Value::String(_)) => {
                    out.insert(key.clone(), value.clone());
                }
                ("$defs" | "definitions" | "properties", Value::Object(parts)) => {
                    let mut compiled = Map::new();
                    for (name, part) in parts {
                        compiled.insert(name.clone(), self.schema(part)?);
                    }
                    out.insert(key.clone(), Value::Object(compiled));
                }
                ("required", Value::Array(_)) if is_a("object") => {
                    out.insert(key.clone(), value.clone());
                }
                ("additionalProperties", value) if is_a("object") => {
                    if value.is_object() {
                        return Err("the schema has an open map");
                    }
                    self.is_relaxed |= value == true;
                }
                ("patternProperties" | "prefixItems", _) => {
                    return Err("the schema has maps or lists of mixed content");
                }
                ("items", Value::Object(_)) => {
                    out.insert(key.clone(), self.schema(value)?);
                }
                ("minItems", Value::Number(least)) if least.as_u64().is_some_and(|n| n <= 1) => {
                    out.insert(key.clone(), value.clone());
                }
                ("format", Value::String(format))
                    if is_a("string") && FORMATS.contains(&format.as_str()) =>
                {
                    out.insert(key.clone(), value.clone());
                }
                ("anyOf" | "oneOf", Value::Array(variants)) => {
                    if out.contains_key("anyOf") {
                        return Err("the schema mixes anyOf and oneOf");
                    }
                    let variants = variants.iter().map(|variant| self.schema(variant));
                    let variants = variants.collect::<Result<Vec<_>, _>>()?;
                    out.insert("anyOf".to_owned(), variants.into());
                }
                ("allOf", _) => return Err("the schema uses allOf"),
                _ => told.push(format!("{key}: {value}")),
            }
        }
        if is_a("object") {
            self.close(&mut out)?;
        }
        if !given.contains_key("type")
            && let TypeName::Meant(name) = name
        {
            out.insert("type".to_owned(), name.into());
        }
        self.tell(&told, &mut out);
        Ok(Value::Object(out))
    }

    /// A reference stands alone, but for the definitions beside the root's.
    fn reference(&mut self, given: &Map<String, Value>, to: &Value) -> Result<Value, &'static str> {
        let mut out = Map::new();
        for (key, value) in given {
            match (key.as_str(), value) {
                ("$ref", _) => {
                    out.insert(key.clone(), to.clone());
                }
                ("$defs" | "definitions", Value::Object(parts)) => {
                    let mut compiled = Map::new();
                    for (name, part) in parts {
                        compiled.insert(name.clone(), self.schema(part)?);
                    }
                    out.insert(key.clone(), Value::Object(compiled));
                }
                ("$schema" | "$id" | "$comment" | "title" | "description" | "default", _) => {}
                _ => self.is_relaxed = true,
            }
        }
        Ok(Value::Object(out))
    }

    fn close(&mut self, out: &mut Map<String, Value>) -> Result<(), &'static str> {
        let Some(Value::Object(properties)) = out.get("properties") else {
            return Err("the schema has an open map");
        };
        let required = out.get("required").and_then(Value::as_array);
        let is_required = |name: &str| {
            required.is_some_and(|required| required.iter().any(|one| one.as_str() == Some(name)))
        };
        let optional = properties.keys().filter(|name| !is_required(name)).count();
        self.optional = self.optional.saturating_add(optional);
        out.insert("additionalProperties".to_owned(), false.into());
        Ok(())
    }

    /// Constraints that are not enforced are told.
    fn tell(&mut self, told: &[String], out: &mut Map<String, Value>) {
        if told.is_empty() {
            return;
        }
        self.is_relaxed = true;
        let told = format!("Must hold: {}", told.join("; "));
        let description = match out.get("description").and_then(Value::as_str) {
            Some(before) if !before.is_empty() => format!("{before}\n\n{told}"),
            _ => told,
        };
        out.insert("description".to_owned(), description.into());
    }
}

/// An `allOf` of one part is that part, with the words beside it.
fn only_part(given: &Map<String, Value>) -> Option<Value> {
    let [Value::Object(only)] = given.get("allOf")?.as_array()?.as_slice() else {
        return None;
    };
    let beside = given.iter().filter(|(key, _)| *key != "allOf");
    let mut merged = only.clone();
    for (key, value) in beside {
        if !matches!(key.as_str(), "title" | "description" | "default") {
            return None;
        }
        merged.insert(key.clone(), value.clone());
    }
    Some(Value::Object(merged))
}

enum TypeName<'a> {
    /// As written: a word or several.
    Written(&'a Value),
    /// Not written, but told by the other words.
    Meant(&'static str),
    /// Told by its values or variants.
    Open,
}

impl TypeName<'_> {
    fn is_a(&self, word: &str) -> bool {
        match self {
            TypeName::Written(Value::String(name)) => name == word,
            TypeName::Written(Value::Array(names)) => names.iter().any(|name| name == word),
            TypeName::Written(_) | TypeName::Open => false,
            TypeName::Meant(name) => *name == word,
        }
    }
}

fn type_of(given: &Map<String, Value>) -> Result<TypeName<'_>, &'static str> {
    let has = |keys: &[&str]| keys.iter().any(|key| given.contains_key(*key));
    match given.get("type") {
        Some(name @ (Value::String(_) | Value::Array(_))) => Ok(TypeName::Written(name)),
        Some(_) => Err("the schema has a type that is no word"),
        None if has(&["properties"]) => Ok(TypeName::Meant("object")),
        None if has(&["items"]) => Ok(TypeName::Meant("array")),
        None if has(&["enum", "const", "anyOf", "oneOf", "allOf"]) => Ok(TypeName::Open),
        None => Err("a part of the schema allows anything"),
    }
}

/// Whether the words that others are read by are of their own kind.
fn well_formed(given: &Map<String, Value>) -> Result<(), &'static str> {
    let is_odd = |(key, value): (&String, &Value)| match key.as_str() {
        "properties" | "$defs" | "definitions" => !value.is_object(),
        "anyOf" | "oneOf" => value.as_array().is_none_or(Vec::is_empty),
        "enum" | "required" => !value.is_array(),
        "const" => value.is_object() || value.is_array(),
        "items" => !value.is_object(),
        _ => false,
    };
    match given.iter().any(is_odd) {
        true => Err("the schema is not well-formed, or has lists of mixed content"),
        false => Ok(()),
    }
}

fn is_simple(values: &Value) -> bool {
    let values = values.as_array();
    values.is_some_and(|values| {
        let mut values = values.iter();
        values.all(|value| !value.is_object() && !value.is_array())
    })
}
