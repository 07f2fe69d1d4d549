// What tools may touch: databases, commands, MCP servers, and what code may do. Nothing is granted that does not stand here.

import { useState, type ReactNode } from "react";
import type { CommandShown, DatabaseShown, GrantKindShown, GrantsShown, InterpretersGrant, ServerShown } from "../../api/generated";
import { useChange } from "../../api/queries";
import { count, plural } from "../../format";
import { Button } from "../../kit/Button";
import { Confirm } from "../../kit/Confirm";
import { Lamp } from "../../kit/Lamp";
import { Notice } from "../../kit/Notice";
import { Section } from "../../kit/Section";
import { Told } from "../../kit/Told";
import { GrantDialog, type GrantEditing } from "./GrantDialog";
import css from "./Grants.module.css";

interface Removing {
  kind: GrantKindShown;
  name: string;
  what: string;
}

export function Grants({ grants, locks, config }: { grants: GrantsShown; locks: string | null; config: string }) {
  const revoke = useChange("tools.revoke");
  const [editing, setEditing] = useState<GrantEditing>();
  const [removing, setRemoving] = useState<Removing>();
  const { databases, checks, servers, interpreters } = grants;
  return (
    <Section title="Grants" aside={<>Nothing else may be touched. They stand in <code>{config}</code></>}>
      {revoke.isError && (
        <Notice tone="danger" announce>
          The grant was not taken back. <Told>{revoke.error.message}</Told>
        </Notice>
      )}
      <Kind
        title="Databases"
        what="SQLite files that may be read"
        add="Add a database"
        onAdd={() => setEditing({ kind: "database" })}
        isEmpty={databases.length === 0}
      >
        {databases.map((one) => (
          <Grant
            key={one.name}
            name={one.name}
            what="database"
            onEdit={() => setEditing({ kind: "database", old: one })}
            onRemove={() => setRemoving({ kind: "database", name: one.name, what: "database" })}
          >
            <Database database={one} />
          </Grant>
        ))}
      </Kind>
      <Kind
        title="Commands"
        what="Programs that may be run, with these arguments and no shell"
        add="Add a command"
        onAdd={() => setEditing({ kind: "check" })}
        isEmpty={checks.length === 0}
      >
        {checks.map((one) => (
          <Grant
            key={one.name}
            name={one.name}
            what="command"
            onEdit={() => setEditing({ kind: "check", old: one })}
            onRemove={() => setRemoving({ kind: "check", name: one.name, what: "command" })}
          >
            <Command check={one} />
          </Grant>
        ))}
      </Kind>
      <Kind
        title="MCP servers"
        what="Only what is allowed of each may be called"
        add="Add a server"
        onAdd={() => setEditing({ kind: "server" })}
        isEmpty={servers.length === 0}
      >
        {servers.map((one) => (
          <Grant
            key={one.name}
            name={one.name}
            what="server"
            onEdit={() => setEditing({ kind: "server", old: one })}
            onRemove={() => setRemoving({ kind: "server", name: one.name, what: "MCP server" })}
          >
            <Server server={one} />
          </Grant>
        ))}
      </Kind>
      <Kind
        title="Code"
        what="What Python and JavaScript may do beyond computing"
        add="Change"
        onAdd={() => setEditing({ kind: "interpreters", old: interpreters })}
        isEmpty={false}
      >
        <li className={css.grant}>
          <Code granted={interpreters} locks={locks} />
        </li>
      </Kind>
      <GrantDialog editing={editing} onClose={() => setEditing(undefined)} />
      <Confirm
        title={`Remove the ${removing?.what ?? ""} “${removing?.name ?? ""}”?`}
        act="Remove"
        isOpen={removing !== undefined}
        onClose={() => setRemoving(undefined)}
        onConfirm={() => removing && revoke.mutate({ kind: removing.kind, name: removing.name })}
      >
        Tools can’t touch it from then on. What it is stays as it is; its lines are taken out of the config file.
      </Confirm>
    </Section>
  );
}

interface KindProps {
  title: string;
  what: string;
  add: string;
  onAdd: () => void;
  isEmpty: boolean;
  children: ReactNode;
}

function Kind({ title, what, add, onAdd, isEmpty, children }: KindProps) {
  return (
    <div className={css.kind}>
      <div className={css.head}>
        <h3>{title}</h3>
        <span className="soft">{what}</span>
        <Button onPress={onAdd} aria-label={add === "Change" ? "Change what code may do" : add}>
          {add}
        </Button>
      </div>
      {isEmpty ? <p className={css.none}>None is granted.</p> : <ul aria-label={title}>{children}</ul>}
    </div>
  );
}

function Grant({ name, what, onEdit, onRemove, children }: { name: string; what: string; onEdit: () => void; onRemove: () => void; children: ReactNode }) {
  return (
    <li className={css.grant}>
      <strong className={css.name}>{name}</strong>
      <div className={css.words}>{children}</div>
      <span className={css.actions}>
        <Button onPress={onEdit} aria-label={`Edit the ${what} ${name}`}>
          Edit
        </Button>
        <Button onPress={onRemove} aria-label={`Remove the ${what} ${name}`}>
          Remove
        </Button>
      </span>
    </li>
  );
}

function Database({ database: { path, rows, limit_ms, is_there } }: { database: DatabaseShown }) {
  return (
    <>
      <p>
        <code>{path}</code> {!is_there && <Lamp aspect="caution" word="no such file now" />}
      </p>
      <p className={css.limits}>
        at most {plural(rows, "row")}, {count(limit_ms)} ms a statement
      </p>
    </>
  );
}

function Command({ check: { command, folder, environment, limit_s, is_there } }: { check: CommandShown }) {
  return (
    <>
      <p>
        <code>{command.join(" ")}</code>
      </p>
      <p className={css.limits}>
        in <code>{folder}</code>
        {!is_there && <> <Lamp aspect="caution" word="no such folder now" /></>}, at most {count(limit_s)} s{sees(environment)}
      </p>
    </>
  );
}

function Server({ server }: { server: ServerShown }) {
  const { command, url, allow, limit_s, usd_per_call, local, tools, token_env, has_token, environment } = server;
  const prices = Object.entries(usd_per_call).map(([tool, usd]) => `${tool === "*" ? "a call" : tool} $${usd}`);
  return (
    <>
      <p>
        <code>{url ?? command.join(" ")}</code>{" "}
        {tools > 0 ? <Lamp aspect="clear" word={plural(tools, "tool")} /> : <Lamp aspect="dark" word="no tool to use now" meaning="It did not answer, or nothing it offers is allowed." />}
      </p>
      <p className={css.limits}>
        {allow.length === 0 ? "nothing of it is allowed" : <>may call {allow.join(", ")}</>}, at most {count(limit_s)} s
        {prices.length > 0 && `, ${prices.join(", ")}`}
        {local ? ", stays on this machine and network" : ", may leave this machine"}
        {token_env !== null && (
          <>
            , token from <code>{token_env}</code>
            {has_token === false && <> <Lamp aspect="caution" word="not set" /></>}
          </>
        )}
        {sees(environment)}
      </p>
    </>
  );
}

function sees(environment: string[]): string {
  return environment.length === 0 ? "" : `, sees ${environment.join(", ")}`;
}

function Code({ granted: { clock, chance, folders }, locks }: { granted: InterpretersGrant; locks: string | null }) {
  return (
    <p className={css.words}>
      {clock ? "It may ask what time it is" : "No clock"}, {chance ? "it may ask for chance" : "no chance"},{" "}
      {folders.length === 0 ? "and no files." : <>and Python may read <code>{folders.join(", ")}</code>.</>}{" "}
      <span className="soft">No network, in any case. {locks}</span>
    </p>
  );
}
