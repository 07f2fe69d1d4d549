// Adds a provider of the catalogue: its key is a question, and its address where
// every customer has one of their own.

import { useRef, useState, type FormEvent } from "react";
import type { CatalogueEntry } from "../../api/generated";
import { Button } from "../../kit/Button";
import { Choice } from "../../kit/Choice";
import { CopyButton } from "../../kit/CopyButton";
import { DialogActions } from "../../kit/Dialog";
import { Added } from "./Added";
import { addressInput, AddressQuestion, useAddress } from "./AddressQuestion";
import css from "./Form.module.css";
import type { KeyTaker } from "./KeyInput";
import { KeyQuestion } from "./KeyQuestion";
import { Refusal } from "./Refusal";
import { useAddProvider } from "./useAddProvider";

type KeyFrom = "paste" | "import" | "environment" | "later";

interface Props {
  entry: CatalogueEntry;
  onBack: () => void;
  onDone: () => void;
}

export function AddFromCatalogue({ entry, onBack, onDone }: Props) {
  const { add, stage, refused, refuse, tested, again, keepsKey } = useAddProvider(onDone);
  const taker = useRef<KeyTaker>(null);
  const [from, setFrom] = useState<KeyFrom>(entry.environment === null ? "paste" : "import");
  const [address, setAddress] = useAddress();
  const asksAddress = entry.address !== null;
  const error = (field: string) => (refused?.field === field ? refused.message : undefined);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const provider = { id: entry.id, ...addressInput(entry, address) };
    if (!entry.needs_key) return void add(provider, "none");
    if (from === "environment") return void add({ ...provider, key: `env:${entry.environment}` }, "none");
    if (from !== "paste") return void add({ ...provider, key: "keychain" }, from);
    const paste = taker.current?.take() ?? "";
    if (paste === "" && keepsKey(entry.id)) return void add({ ...provider, key: "keychain" }, "none");
    if (paste === "") return refuse({ message: "Paste the key first, or choose to set it later.", field: "value" });
    void add({ ...provider, key: "keychain" }, { paste });
  };

  if (tested) return <Added name={entry.name} tested={tested} onBack={again} onDone={onDone} />;
  return (
    <form className={css.form} onSubmit={submit} autoComplete="off">
      <p>
        <strong>{entry.name}</strong> <code className="soft">{entry.id}</code>
      </p>
      {asksAddress && <AddressQuestion entry={entry} value={address} onChange={setAddress} error={error} />}
      {entry.needs_key ? (
        <>
          <Choice<KeyFrom> label="Its key" value={from} onChange={setFrom} options={choices(entry)} />
          {from === "paste" && (
            <KeyQuestion
              auth={entry.auth}
              label={keepsKey(entry.id) ? `Another key for ${entry.name}, or none to keep it` : `Key for ${entry.name}`}
              takerRef={taker}
              autoFocus={!asksAddress}
              error={error("value")}
            />
          )}
          {from === "paste" && entry.keys_page !== null && (
            <p className="soft">
              Keys are made at <code className={css.page}>{entry.keys_page}</code>
              <CopyButton text={entry.keys_page} what="the address where keys are made" />
            </p>
          )}
        </>
      ) : (
        <p className="soft">
          It needs no key. {entry.local && "It runs on this machine; Signalbox asks it at its usual address."}
        </p>
      )}
      <Refusal refused={refused} shown={[...entry.parts, `${entry.dialects[0]}_base_url`, "api_version", from === "paste" ? "value" : ""]} />
      <DialogActions>
        <Button
          kind="primary"
          type="submit"
          isDisabled={stage !== "asking"}
          autoFocus={!asksAddress && (entry.environment !== null || !entry.needs_key)}
        >
          {{ asking: `Add ${entry.name}`, adding: "Adding…", testing: "Testing…" }[stage]}
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
