// Adds a server that is not in the catalogue.

import { useRef, useState, type FormEvent } from "react";
import { Button } from "../../kit/Button";
import { DialogActions } from "../../kit/Dialog";
import { Field } from "../../kit/Field";
import { Notice } from "../../kit/Notice";
import css from "./Form.module.css";
import { KeyInput, type KeyTaker } from "./KeyInput";
import { useAddProvider } from "./useAddProvider";

const AUTH = [
  { value: "bearer", label: "Authorization: Bearer" },
  { value: "x-api-key", label: "x-api-key" },
  { value: "api-key", label: "api-key" },
  { value: "none", label: "No key" },
];

export function AddOther({ onBack, onDone }: { onBack: () => void; onDone: () => void }) {
  const { add, busy, refused, refuse } = useAddProvider(onDone);
  const taker = useRef<KeyTaker>(null);
  const [id, setId] = useState("");
  const [name, setName] = useState("");
  const [openai, setOpenai] = useState("");
  const [anthropic, setAnthropic] = useState("");
  const [auth, setAuth] = useState("bearer");

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const paste = taker.current?.take() ?? "";
    if (!openai && !anthropic) return refuse("Give at least one base URL: the address its API answers at.");
    void add(
      {
        id,
        auth,
        key: auth === "none" ? "none" : "keychain",
        ...(name && { name }),
        ...(openai && { openai_base_url: openai }),
        ...(anthropic && { anthropic_base_url: anthropic }),
      },
      paste === "" ? undefined : { paste },
    );
  };

  return (
    <form className={css.form} onSubmit={submit} autoComplete="off">
      <div className={css.pair}>
        <Field label="Id" mono isRequired autoFocus value={id} onChange={setId} placeholder="my-server" hint="Clients write it as id/model." />
        <Field label="Name" value={name} onChange={setName} placeholder="My server" />
      </div>
      <Field label="OpenAI base URL" mono value={openai} onChange={setOpenai} placeholder="http://127.0.0.1:8000/v1" hint="Usually ends in /v1." />
      <Field label="Anthropic base URL" mono value={anthropic} onChange={setAnthropic} placeholder="http://127.0.0.1:8000" hint="Without /v1. Leave empty what it does not speak." />
      <label className={css.select}>
        Its key is sent as
        <select value={auth} onChange={(event) => setAuth(event.target.value)}>
          {AUTH.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {auth !== "none" && <KeyInput label="Key (may be set later)" takerRef={taker} />}
      {refused && (
        <Notice tone="danger" announce>
          {refused}
        </Notice>
      )}
      <DialogActions>
        <Button kind="primary" type="submit" isDisabled={busy}>
          {busy ? "Adding…" : "Add server"}
        </Button>
        <Button onPress={onBack}>Back</Button>
      </DialogActions>
    </form>
  );
}
