// Adds a grant or changes one. What the config would refuse is said at the line at fault, and nothing is changed.

import { useState, type FormEvent, type ReactNode } from "react";
import type { CommandShown, DatabaseShown, GrantTool, InterpretersGrant, ServerShown } from "../../api/generated";
import { useChange } from "../../api/queries";
import { Button } from "../../kit/Button";
import { Choice } from "../../kit/Choice";
import { Dialog, DialogActions } from "../../kit/Dialog";
import { Field } from "../../kit/Field";
import { Lever } from "../../kit/Lever";
import { Notice } from "../../kit/Notice";
import { TextBox } from "../../kit/TextBox";
import { Told } from "../../kit/Told";
import { linesOf, namesOf } from "../../tools";
import form from "../providers/Form.module.css";

export type GrantEditing =
  | { kind: "database"; old?: DatabaseShown }
  | { kind: "check"; old?: CommandShown }
  | { kind: "server"; old?: ServerShown }
  | { kind: "interpreters"; old: InterpretersGrant };

const TITLES = { database: "database", check: "command", server: "MCP server", interpreters: "" };

export function GrantDialog({ editing, onClose }: { editing: GrantEditing | undefined; onClose: () => void }) {
  return (
    <Dialog title={titleOf(editing)} isOpen={editing !== undefined} onClose={onClose} wide>
      {editing?.kind === "database" && <DatabaseForm old={editing.old} onDone={onClose} />}
      {editing?.kind === "check" && <CommandForm old={editing.old} onDone={onClose} />}
      {editing?.kind === "server" && <ServerForm old={editing.old} onDone={onClose} />}
      {editing?.kind === "interpreters" && <CodeForm old={editing.old} onDone={onClose} />}
    </Dialog>
  );
}

function titleOf(editing: GrantEditing | undefined): string {
  if (editing === undefined) return "";
  if (editing.kind === "interpreters") return "What code may do";
  return editing.old ? `The ${TITLES[editing.kind]} “${editing.old.name}”` : `Add ${editing.kind === "server" ? "an" : "a"} ${TITLES[editing.kind]}`;
}

interface FormProps<T> {
  old: T | undefined;
  onDone: () => void;
}

/** The frame of each form: sending, unless a box of it holds nothing to send, what was refused, and the buttons. `fields` are those that say a refusal themselves. */
function useGrant(onDone: () => void, fields: string[]) {
  const put = useChange("tools.grant");
  const refused = (field: string) => (put.error?.field === field ? put.error.message : undefined);
  const frame = (grant: () => GrantTool | undefined, isNew: boolean, children: ReactNode) => (
    <form
      className={form.form}
      autoComplete="off"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        const wanted = grant();
        if (wanted) put.mutate(wanted, { onSuccess: onDone });
      }}
    >
      {children}
      {put.isError && !fields.includes(put.error.field ?? "") && (
        <Notice tone="danger" announce>
          Nothing was granted. <Told>{put.error.message}</Told>
        </Notice>
      )}
      <DialogActions>
        <Button kind="primary" type="submit" isDisabled={put.isPending}>
          {put.isPending ? "Saving…" : isNew ? "Grant" : "Save"}
        </Button>
        <Button onPress={onDone}>Cancel</Button>
      </DialogActions>
    </form>
  );
  return { refused, frame };
}

/** A number under its name; nothing where the box is empty. */
function optional<K extends string>(name: K, text: string): { [P in K]?: number } {
  return (text.trim() === "" ? {} : { [name]: Number(text) }) as { [P in K]?: number };
}

/** What stands in the box of a limit: nothing where it is the usual one, which is shown behind it. */
function shown(limit: number | undefined, usual: number): string {
  return limit === undefined || limit === usual ? "" : String(limit);
}

/** Money as a person writes it; below nothing and what is no number is none. */
function dollars(text: string): number | undefined {
  const value = Number(text.trim().replace(/^\$/, ""));
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

function Name({ value, onChange, error, asIn }: { value: string; onChange: (name: string) => void; error: string | undefined; asIn: string }) {
  return <Field label="Name" mono isRequired autoFocus value={value} onChange={onChange} hint={asIn} error={error} />;
}

function DatabaseForm({ old, onDone }: FormProps<DatabaseShown>) {
  const { refused, frame } = useGrant(onDone, ["name", "path", "rows", "limit_ms"]);
  const [name, setName] = useState(old?.name ?? "");
  const [path, setPath] = useState(old?.path ?? "");
  const [rows, setRows] = useState(shown(old?.rows, 1_000));
  const [limit, setLimit] = useState(shown(old?.limit_ms, 2_000));
  const grant = (): GrantTool => ({ kind: "database", name: name.trim(), path: path.trim(), ...optional("rows", rows), ...optional("limit_ms", limit) });
  return frame(
    grant,
    !old,
    <>
      {!old && <Name value={name} onChange={setName} error={refused("name")} asIn="The word a query asks for it by, such as shop." />}
      <Field label="File" mono isRequired autoFocus={old !== undefined} value={path} onChange={setPath} placeholder="/home/me/shop.db" hint="The whole path of a SQLite file. It is opened for reading alone." error={refused("path")} />
      <div className={form.pair}>
        <Field label="Rows at most" mono type="number" value={rows} onChange={setRows} placeholder="1000" error={refused("rows")} />
        <Field label="Time at most, in ms" mono type="number" value={limit} onChange={setLimit} placeholder="2000" error={refused("limit_ms")} />
      </div>
    </>,
  );
}

function CommandForm({ old, onDone }: FormProps<CommandShown>) {
  const { refused, frame } = useGrant(onDone, ["name", "command", "folder", "environment", "limit_s"]);
  const [name, setName] = useState(old?.name ?? "");
  const [command, setCommand] = useState(old?.command.join("\n") ?? "");
  const [folder, setFolder] = useState(old?.folder ?? "");
  const [environment, setEnvironment] = useState(old?.environment.join(", ") ?? "");
  const [limit, setLimit] = useState(shown(old?.limit_s, 60));
  const grant = (): GrantTool => ({
    kind: "check", name: name.trim(), command: linesOf(command), folder: folder.trim(), environment: namesOf(environment), ...optional("limit_s", limit),
  });
  return frame(
    grant,
    !old,
    <>
      {!old && <Name value={name} onChange={setName} error={refused("name")} asIn="The word it is asked for by, such as lint." />}
      <TextBox label="Program and arguments, one a line" mono isRequired value={command} onChange={setCommand} placeholder={"cargo\nclippy"} hint="They are passed on as they are: no shell reads them." error={refused("command")} />
      <Field label="Folder" mono isRequired value={folder} onChange={setFolder} placeholder="/home/me/project" hint="The whole path of where it runs." error={refused("folder")} />
      <div className={form.pair}>
        <Field label="Environment variables it sees" mono value={environment} onChange={setEnvironment} placeholder="none" hint="Names between commas; their values are never shown." error={refused("environment")} />
        <Field label="Time at most, in seconds" mono type="number" value={limit} onChange={setLimit} placeholder="60" error={refused("limit_s")} />
      </div>
    </>,
  );
}

type Reached = "url" | "command";

function ServerForm({ old, onDone }: FormProps<ServerShown>) {
  const { refused, frame } = useGrant(onDone, ["name", "command", "folder", "url", "token_env", "allow", "limit_s", "usd_per_call"]);
  const [name, setName] = useState(old?.name ?? "");
  const [by, setBy] = useState<Reached>(old && old.url === null ? "command" : "url");
  const [url, setUrl] = useState(old?.url ?? "");
  const [token, setToken] = useState(old?.token_env ?? "");
  const [command, setCommand] = useState(old?.command.join("\n") ?? "");
  const [folder, setFolder] = useState(old?.folder ?? "");
  const [environment, setEnvironment] = useState(old?.environment.join(", ") ?? "");
  const [allow, setAllow] = useState(old?.allow.join(", ") ?? "");
  const [price, setPrice] = useState(String(old?.usd_per_call["*"] ?? ""));
  const [limit, setLimit] = useState(shown(old?.limit_s, 30));
  const [local, setLocal] = useState(old?.local ?? false);
  const grant = (): GrantTool | undefined => {
    if (dollars(price) === undefined) return undefined;
    const { "*": _, ...others } = old?.usd_per_call ?? {};
    const each = price.trim() === "" ? undefined : dollars(price);
    return {
      kind: "server", name: name.trim(), allow: namesOf(allow), local, ...optional("limit_s", limit),
      usd_per_call: { ...others, ...(each !== undefined && { "*": each }) },
      ...(by === "url"
        ? { url: url.trim(), ...(token.trim() !== "" && { token_env: token.trim() }) }
        : { command: linesOf(command), environment: namesOf(environment), ...(folder.trim() !== "" && { folder: folder.trim() }) }),
    };
  };
  return frame(
    grant,
    !old,
    <>
      {!old && <Name value={name} onChange={setName} error={refused("name")} asIn="The word in mcp/NAME/tool, such as docs." />}
      <Choice<Reached>
        label="It is reached"
        value={by}
        onChange={setBy}
        options={[
          { value: "url", label: "at an address, where it runs by itself" },
          { value: "command", label: "as a program that Signalbox starts" },
        ]}
      />
      {by === "url" ? (
        <div className={form.pair}>
          <Field label="Address" mono isRequired value={url} onChange={setUrl} placeholder="http://127.0.0.1:8000/mcp" error={refused("url")} />
          <Field label="Variable with its token" mono value={token} onChange={setToken} placeholder="none" hint="The name of an environment variable, never the token." error={refused("token_env")} />
        </div>
      ) : (
        <>
          <TextBox label="Program and arguments, one a line" mono isRequired value={command} onChange={setCommand} placeholder={"uvx\nmcp-server-time"} error={refused("command")} />
          <div className={form.pair}>
            <Field label="Folder" mono value={folder} onChange={setFolder} placeholder="none" error={refused("folder")} />
            <Field label="Environment variables it sees" mono value={environment} onChange={setEnvironment} placeholder="none" hint="Names between commas." />
          </div>
        </>
      )}
      <Field label="Tools that may be called" mono value={allow} onChange={setAllow} placeholder="search, read_*" hint="Names between commas; the last letter of one may be a star. None: nothing may be called." error={refused("allow")} />
      <div className={form.pair}>
        <Field label="A call costs, in dollars" mono value={price} onChange={setPrice} placeholder="0" hint="It stands on the receipts." error={dollars(price) === undefined ? "Write an amount, such as 0.002." : refused("usd_per_call")} />
        <Field label="Time at most, in seconds" mono type="number" value={limit} onChange={setLimit} placeholder="30" error={refused("limit_s")} />
      </div>
      <Lever isSelected={local} onChange={setLocal}>
        It stays on this machine and network
      </Lever>
    </>,
  );
}

function CodeForm({ old, onDone }: { old: InterpretersGrant; onDone: () => void }) {
  const { refused, frame } = useGrant(onDone, ["folders"]);
  const [clock, setClock] = useState(old.clock);
  const [chance, setChance] = useState(old.chance);
  const [folders, setFolders] = useState(old.folders.join("\n"));
  return frame(
    () => ({ kind: "interpreters", clock, chance, folders: linesOf(folders) }),
    false,
    <>
      <Lever isSelected={clock} onChange={setClock}>
        It may ask what time it is
      </Lever>
      <Lever isSelected={chance} onChange={setChance}>
        It may ask for chance
      </Lever>
      <p className="soft">With either, the same code may give another answer the next time.</p>
      <TextBox label="Folders whose files Python may read" mono value={folders} onChange={setFolders} placeholder="/home/me/data" hint="Whole paths, one a line." error={refused("folders")} />
    </>,
  );
}
