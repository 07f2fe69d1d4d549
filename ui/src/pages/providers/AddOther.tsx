// Adds a server that is not in the catalogue: where it is in each dialect that it
// speaks, and how it wants to see its key.

import { useRef, useState, type FormEvent } from "react";
import { useControl } from "../../api/queries";
import { Button } from "../../kit/Button";
import { DialogActions } from "../../kit/Dialog";
import { Field } from "../../kit/Field";
import { Select } from "../../kit/Select";
import { Added } from "./Added";
import { DialectAddresses, type DialectAddress } from "./DialectAddresses";
import css from "./Form.module.css";
import type { KeyTaker } from "./KeyInput";
import { KeyQuestion } from "./KeyQuestion";
import { Refusal } from "./Refusal";
import { useAddProvider } from "./useAddProvider";

const AUTH = [
  { value: "", label: "As its dialect usually does" },
  { value: "bearer", label: "Authorization: Bearer" },
  { value: "x-api-key", label: "x-api-key" },
  { value: "api-key", label: "api-key" },
  { value: "x-goog-api-key", label: "x-goog-api-key" },
  { value: "google", label: "Google: service account or access token" },
  { value: "aws", label: "Amazon: signed, or a Bedrock API key" },
  { value: "none", label: "No key" },
];

export function AddOther({ onBack, onDone }: { onBack: () => void; onDone: () => void }) {
  const { add, stage, refused, refuse, tested, again, isOurs, keepsKey } = useAddProvider(onDone);
  const page = useControl("providers.page", {});
  const taker = useRef<KeyTaker>(null);
  const [id, setId] = useState("");
  const [name, setName] = useState("");
  const [addresses, setAddresses] = useState<DialectAddress[]>([{ dialect: "openai", url: "" }]);
  const [auth, setAuth] = useState("");
  const [region, setRegion] = useState("");
  const speaksBedrock = addresses.some(({ dialect }) => dialect === "bedrock");
  const signs = auth === "aws" || (auth === "" && speaksBedrock);
  const error = (field: string) => (refused?.field === field ? refused.message : undefined);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const taken = page.data?.providers.some(({ health }) => health.id === id.trim());
    if (taken && !isOurs(id.trim())) {
      return refuse({ message: "There is a provider of this id already. Give another, or remove that one first.", field: "id" });
    }
    const given = addresses.filter(({ url }) => url.trim() !== "");
    if (given.length === 0) {
      return refuse({ message: "Give at least one base URL: the address its API answers at.", field: `${addresses[0]!.dialect}_base_url` });
    }
    const paste = taker.current?.take() ?? "";
    const provider = {
      id: id.trim(),
      key: auth === "none" ? "none" : "keychain",
      ...(auth && { auth }),
      ...(name && { name }),
      ...(signs && region && { region: region.trim() }),
      ...Object.fromEntries(given.map(({ dialect, url }) => [`${dialect}_base_url`, url.trim()])),
    };
    void add(provider, auth === "none" ? "none" : paste === "" ? "later" : { paste });
  };

  if (tested) return <Added name={name || id} tested={tested} onBack={again} onDone={onDone} />;
  return (
    <form className={css.form} onSubmit={submit} autoComplete="off">
      <div className={css.pair}>
        <Field label="Id" mono isRequired autoFocus value={id} onChange={setId} placeholder="my-server" hint="Clients write it as id/model." error={error("id")} />
        <Field label="Name" value={name} onChange={setName} placeholder="My server" error={error("name")} />
      </div>
      <DialectAddresses addresses={addresses} onChange={setAddresses} error={error} />
      <Select label="Its key is sent as" value={auth} onChange={setAuth} options={AUTH} />
      {signs && (
        <Field label="Region" mono value={region} onChange={setRegion} placeholder="eu-west-1" hint="Only when the address does not say it." error={error("region")} />
      )}
      {auth !== "none" && <KeyQuestion auth={signs ? "aws" : auth} label={keepsKey(id.trim()) ? "Another key, or none to keep it" : "Key (may be set later)"} takerRef={taker} error={error("value")} />}
      <Refusal refused={refused} shown={["id", "name", "region", "value", ...addresses.map(({ dialect }) => `${dialect}_base_url`)]} />
      <DialogActions>
        <Button kind="primary" type="submit" isDisabled={stage !== "asking"}>
          {{ asking: "Add server", adding: "Adding…", testing: "Testing…" }[stage]}
        </Button>
        <Button onPress={onBack}>Back</Button>
      </DialogActions>
    </form>
  );
}
