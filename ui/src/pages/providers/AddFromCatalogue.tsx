// Adds a provider of the catalogue: only its key is a question.

import { useRef, useState, type FormEvent } from "react";
import type { CatalogueEntry } from "../../api/generated";
import { Button } from "../../kit/Button";
import { Choice } from "../../kit/Choice";
import { CopyButton } from "../../kit/CopyButton";
import { DialogActions } from "../../kit/Dialog";
import { Notice } from "../../kit/Notice";
import css from "./Form.module.css";
import { KeyInput, type KeyTaker } from "./KeyInput";
import { useAddProvider } from "./useAddProvider";

type KeyFrom = "paste" | "import" | "environment" | "later";

interface Props {
  entry: CatalogueEntry;
  onBack: () => void;
  onDone: () => void;
}

export function AddFromCatalogue({ entry, onBack, onDone }: Props) {
  const { add, busy, refused, refuse } = useAddProvider(onDone);
  const taker = useRef<KeyTaker>(null);
  const [from, setFrom] = useState<KeyFrom>(entry.environment === null ? "paste" : "import");

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { id } = entry;
    if (!entry.needs_key) return void add({ id }, undefined);
    if (from === "environment") return void add({ id, key: `env:${entry.environment}` }, undefined);
    if (from === "import") return void add({ id, key: "keychain" }, { import: true });
    if (from === "later") return void add({ id, key: "keychain" }, undefined);
    const paste = taker.current?.take() ?? "";
    if (paste === "") return refuse("Paste the key first, or choose to set it later.");
    void add({ id, key: "keychain" }, { paste });
  };

  return (
    <form className={css.form} onSubmit={submit} autoComplete="off">
      <p>
        <strong>{entry.name}</strong> <code className="soft">{entry.id}</code>
      </p>
      {entry.needs_key ? (
        <>
          <Choice<KeyFrom> label="Its key" value={from} onChange={setFrom} options={choices(entry)} />
          {from === "paste" && <KeyInput label={`Key for ${entry.name}`} takerRef={taker} autoFocus />}
          {from === "paste" && entry.keys_page !== null && (
            <p className="soft">
              Keys are made at <code>{entry.keys_page}</code>
              <CopyButton text={entry.keys_page} what="the address where keys are made" />
            </p>
          )}
        </>
      ) : (
        <p className="soft">
          It needs no key. {entry.local && "It runs on this machine; Signalbox asks it at its usual address."}
        </p>
      )}
      {refused && (
        <Notice tone="danger" announce>
          {refused}
        </Notice>
      )}
      <DialogActions>
        <Button kind="primary" type="submit" isDisabled={busy} autoFocus={entry.environment !== null || !entry.needs_key}>
          {busy ? "Adding…" : `Add ${entry.name}`}
        </Button>
        <Button onPress={onBack}>Back</Button>
      </DialogActions>
    </form>
  );
}

function choices(entry: CatalogueEntry): { value: KeyFrom; label: React.ReactNode }[] {
  const paste = { value: "paste", label: "Paste it: it is kept in the keychain" } as const;
  const later = { value: "later", label: "Set it later" } as const;
  if (entry.environment === null) return [paste, later];
  return [
    {
      value: "import",
      label: (
        <>
          Copy it from <code>{entry.environment}</code> into the keychain
        </>
      ),
    },
    {
      value: "environment",
      label: (
        <>
          Read <code>{entry.environment}</code> at every start and keep nothing
        </>
      ),
    },
    paste,
    later,
  ];
}
