// Which answers to forget: of a route, of a model, of an age, or all of them. It is its own confirmation: the
// sentence above the buttons says what will go, and no press on Enter in a line above it does it.

import { useId, useState } from "react";
import type { CacheDisk, CachePage, PurgeCache } from "../../api/generated";
import { useControl } from "../../api/queries";
import { Button } from "../../kit/Button";
import { Dialog, DialogActions } from "../../kit/Dialog";
import { Field } from "../../kit/Field";
import { Select } from "../../kit/Select";
import css from "./ForgetDialog.module.css";

interface Props {
  isOpen: boolean;
  cache: CachePage;
  onClose: () => void;
  onForget: (what: PurgeCache) => void;
}

export function ForgetDialog({ isOpen, cache, onClose, onForget }: Props) {
  return (
    <Dialog title="Forget answers?" isOpen={isOpen} onClose={onClose}>
      {isOpen && <Question cache={cache} onClose={onClose} onForget={onForget} />}
    </Dialog>
  );
}

const AGES = [
  { value: "", label: "Any age" },
  { value: "60", label: "A minute or older" },
  { value: "300", label: "5 minutes or older" },
  { value: "3600", label: "An hour or older" },
];

function Question({ cache, onClose, onForget }: Omit<Props, "isOpen">) {
  const [route, setRoute] = useState("");
  const [model, setModel] = useState("");
  const [age, setAge] = useState("");
  const providers = useControl("providers.page", {});
  const suggestions = useId();
  const named = model.trim();
  const models = [...new Set(providers.data?.providers.flatMap((provider) => provider.models))].sort();

  const forget = () => {
    onClose();
    onForget({
      ...(route && { route }),
      ...(named && { model: named }),
      ...(age && { older_than_s: Number(age) }),
    });
  };

  return (
    <div className={css.question}>
      <Select
        label="Asked for as"
        value={route}
        onChange={setRoute}
        options={[{ value: "", label: "Any route" }, ...cache.routes.map((one) => ({ value: one.route, label: one.route }))]}
      />
      <Field label="Given by the model" mono list={suggestions} autoComplete="off" value={model} onChange={setModel} placeholder="any" hint="As its provider names it, without the provider." />
      <datalist id={suggestions}>
        {models.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <Select label="Age" value={age} onChange={setAge} options={AGES} />
      <p>
        {route || named || age ? "Answers in memory that meet all of this are forgotten." : "Every answer in memory is forgotten."}{" "}
        {diskGoesToo(cache.disk)} What is asked again is asked of a provider, and paid.
      </p>
      <DialogActions>
        <Button kind="danger" onPress={forget}>
          Forget
        </Button>
        <Button onPress={onClose}>
          Keep them
        </Button>
      </DialogActions>
    </div>
  );
}

/** What happens to the disk, which can't be searched: what lies there is sealed. */
export function diskGoesToo({ state }: CacheDisk): string {
  return state === "serving" ? "Answers on disk are sealed and can't be told apart, so all of them go." : "";
}
