//! Grants: as the config has them, and as they are to be written.
//!
//! Promises: no value of an environment variable goes out, only whether it is there.

use std::path::Path;

use host::{Grant, ServerEdit};
use offload::{Grants, Interpreters, Server, Transport};

use crate::shown::{
    CommandShown, DatabaseShown, GrantTool, GrantsShown, InterpretersGrant, ServerShown, ToolShown,
};

/// Nano-dollars in a dollar.
const NANO: f64 = 1e9;

/// What is granted. Looks at the disk: whether the files are there.
pub(super) fn shown(grants: &Grants, tools: &[ToolShown]) -> GrantsShown {
    let databases = grants
        .databases
        .iter()
        .map(|(name, database)| DatabaseShown {
            name: name.clone(),
            path: database.path.display().to_string(),
            rows: database.rows as u32,
            limit_ms: database.limit.as_millis() as u32,
            is_there: database.path.is_file(),
        });
    let checks = grants.checks.iter().map(|(name, check)| CommandShown {
        name: name.clone(),
        command: check.command.clone(),
        folder: check.folder.display().to_string(),
        environment: check.environment.clone(),
        limit_s: check.limit.as_secs() as u32,
        is_there: check.folder.is_dir(),
    });
    let servers = grants.servers.iter().map(|(name, granted)| {
        let known = tools
            .iter()
            .filter(|tool| tool.server.as_ref() == Some(name));
        server(name, granted, known.count() as u32)
    });
    GrantsShown {
        databases: databases.collect(),
        checks: checks.collect(),
        servers: servers.collect(),
        interpreters: interpreters(&grants.interpreters),
    }
}

fn server(name: &str, server: &Server, tools: u32) -> ServerShown {
    let mut shown = ServerShown {
        name: name.to_owned(),
        command: Vec::new(),
        folder: None,
        environment: Vec::new(),
        url: None,
        token_env: None,
        has_token: None,
        allow: server.allow.clone(),
        limit_s: server.limit.as_secs() as u32,
        usd_per_call: server
            .nano_usd_a_call
            .iter()
            .map(|(tool, nano_usd)| (tool.clone(), *nano_usd as f64 / NANO))
            .collect(),
        local: server.local,
        tools,
    };
    match &server.transport {
        Transport::Program {
            command,
            folder,
            environment,
        } => {
            shown.command.clone_from(command);
            shown.folder = folder
                .as_deref()
                .map(Path::display)
                .map(|path| path.to_string());
            shown.environment.clone_from(environment);
        }
        Transport::Http { url, token_from } => {
            shown.url = Some(url.clone());
            shown.has_token = token_from
                .as_ref()
                .map(|name| std::env::var_os(name).is_some_and(|token| !token.is_empty()));
            shown.token_env.clone_from(token_from);
        }
    }
    shown
}

fn interpreters(granted: &Interpreters) -> InterpretersGrant {
    let folders = granted.folders.iter();
    InterpretersGrant {
        clock: granted.clock,
        chance: granted.chance,
        folders: folders.map(|folder| folder.display().to_string()).collect(),
    }
}

/// As it is to be written, and its name, where it has one.
pub(super) fn written(asked: GrantTool) -> (Option<String>, Grant) {
    match asked {
        GrantTool::Database(database) => (
            Some(database.name.clone()),
            Grant::Database {
                name: database.name,
                path: database.path,
                rows: database.rows,
                limit_ms: database.limit_ms,
            },
        ),
        GrantTool::Check(check) => (
            Some(check.name.clone()),
            Grant::Check {
                name: check.name,
                command: check.command,
                folder: check.folder,
                environment: check.environment.unwrap_or_default(),
                limit_s: check.limit_s,
            },
        ),
        GrantTool::Server(server) => (
            Some(server.name.clone()),
            Grant::Server {
                name: server.name,
                server: ServerEdit {
                    command: server.command.unwrap_or_default(),
                    folder: server.folder,
                    environment: server.environment.unwrap_or_default(),
                    url: server.url,
                    token_env: server.token_env,
                    allow: server.allow,
                    limit_s: server.limit_s,
                    usd_per_call: server.usd_per_call.unwrap_or_default(),
                    local: server.local.unwrap_or_default(),
                },
            },
        ),
        GrantTool::Interpreters(granted) => (
            None,
            Grant::Interpreters {
                clock: granted.clock,
                chance: granted.chance,
                folders: granted.folders,
            },
        ),
    }
}
