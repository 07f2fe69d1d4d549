//! The panel's TypeScript, written from the table and its types.
//!
//! The file is committed, so that the panel builds without Rust; a test fails
//! when it is not fresh, and `make generated` writes it anew.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use ts_rs::{Config, TS, TypeVisitor};

use crate::failure::Failure;
use crate::shown::Event;
use crate::table::{OPERATIONS, write_types};
use crate::{Kind, Tag};

/// Collects declarations and the lines of the operation table.
pub(crate) struct Writer {
    config: Config,
    declared: BTreeMap<String, String>,
    operations: String,
}

/// The whole generated file.
pub fn typescript() -> String {
    let mut writer = Writer {
        // Every integer we send is below 2^53: milliseconds, tokens, and money in
        // billionths up to nine million dollars.
        config: Config::default().with_large_int("number"),
        declared: BTreeMap::new(),
        operations: String::new(),
    };
    write_types(&mut writer);
    writer.declare::<Event>();
    writer.declare::<Failure>();
    writer.declare::<Tag>();
    writer.finish()
}

impl Writer {
    pub(crate) fn operation<Input: TS + 'static, Output: TS + 'static>(&mut self, name: &str) {
        self.declare::<Input>();
        self.declare::<Output>();
        let (input, output) = (Input::name(&self.config), Output::name(&self.config));
        let _ = writeln!(
            self.operations,
            "  \"{name}\": {{ input: {input}, output: {output} }},"
        );
    }

    fn declare<T: TS + 'static + ?Sized>(&mut self) {
        // Only named types of ours have a file to live in; strings, numbers and
        // arrays are TypeScript's own.
        if T::output_path().is_some() {
            let name = T::ident(&self.config);
            if self.declared.contains_key(&name) {
                return;
            }
            let declaration = format!("export {}", T::decl(&self.config));
            self.declared.insert(name, declaration);
        }
        let mut seen = Dependencies {
            writer: self,
            of: TypeId::of::<T>(),
        };
        T::visit_dependencies(&mut seen);
        T::visit_generics(&mut seen);
    }

    fn finish(self) -> String {
        let mut file = String::from("// Generated from src-tauri/control. Do not edit.\n\n");
        for declaration in self.declared.values() {
            file.push_str(declaration);
            file.push_str("\n\n");
        }
        let _ = writeln!(
            file,
            "export type Operations = {{\n{}}};\n",
            self.operations
        );
        file.push_str("export const operations = {\n");
        for operation in OPERATIONS {
            let kind = match operation.kind {
                Kind::Query => "query",
                Kind::Mutation => "mutation",
            };
            let tags = serde_json::to_string(operation.tags).unwrap_or_default();
            let _ = writeln!(
                file,
                "  \"{}\": {{ kind: \"{kind}\", tags: {tags} }},",
                operation.name
            );
        }
        file.push_str("} as const;\n");
        file
    }
}

struct Dependencies<'a> {
    writer: &'a mut Writer,
    of: TypeId,
}

impl TypeVisitor for Dependencies<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if TypeId::of::<T>() != self.of {
            self.writer.declare::<T>();
        }
    }
}
