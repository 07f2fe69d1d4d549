// The client keys that exist, one a tool, so that a tool can be told apart and shut out.

import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import type { ClientShown, FreshClientKey } from "../../api/generated";
import { createClientKey } from "../../api/keys";
import { useChange } from "../../api/queries";
import { date } from "../../format";
import { Button } from "../../kit/Button";
import { Confirm } from "../../kit/Confirm";
import { Field } from "../../kit/Field";
import { Notice } from "../../kit/Notice";
import css from "./ClientKeys.module.css";

interface Props {
  clients: ClientShown[];
  onCreated: (fresh: FreshClientKey) => void;
}

export function ClientKeys({ clients, onCreated }: Props) {
  const revoke = useChange("clients.revoke");
  const [asked, setAsked] = useState<string>();
  return (
    <div className={css.keys}>
      <h3>Client keys</h3>
      {clients.length === 0 ? (
        <p className="soft">None. Without one no tool can connect: make one below.</p>
      ) : (
        <ul className={css.list} aria-label="Client keys">
          {clients.map((client) => (
            <li key={client.name}>
              <span className={css.name}>{client.name}</span>
              <span className="soft">
                ends in <code>{client.hint}</code>, made {date(client.created_unix_ms)}
              </span>
              <Button kind="bare" onPress={() => setAsked(client.name)} aria-label={`Revoke the client key ${client.name}`}>
                Revoke
              </Button>
            </li>
          ))}
        </ul>
      )}
      {revoke.isError && (
        <Notice tone="danger" announce>
          The client key was not revoked. {revoke.error.message}
        </Notice>
      )}
      <Create onCreated={onCreated} />
      <Confirm
        title={`Revoke the client key “${asked ?? ""}”?`}
        act="Revoke"
        isOpen={asked !== undefined}
        onClose={() => setAsked(undefined)}
        onConfirm={() => asked !== undefined && revoke.mutate({ name: asked })}
      >
        Tools that use it are refused from now on. A revoked key cannot be brought back; a new one can be made.
      </Confirm>
    </div>
  );
}

function Create({ onCreated }: { onCreated: Props["onCreated"] }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [refused, setRefused] = useState<string>();
  const [busy, setBusy] = useState(false);

  const create = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefused(undefined);
    try {
      onCreated(await createClientKey(client, name.trim()));
      setName("");
    } catch (error) {
      setRefused(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <>
      <form className={css.create} onSubmit={create}>
        <Field label="Name of a new client key" placeholder="claude-code" value={name} onChange={setName} autoComplete="off" />
        <Button type="submit" isDisabled={busy || name.trim() === ""}>
          Make a client key
        </Button>
      </form>
      {refused && (
        <Notice tone="danger" announce>
          The client key was not made. {refused}
        </Notice>
      )}
    </>
  );
}
