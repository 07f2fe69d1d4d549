// Makes an alias or changes the order of its targets.

import { useId, useState, type FormEvent } from "react";
import type { AliasShown } from "../../api/generated";
import { useChange } from "../../api/queries";
import { Button } from "../../kit/Button";
import { Dialog, DialogActions } from "../../kit/Dialog";
import { Field } from "../../kit/Field";
import { Notice } from "../../kit/Notice";
import { Told } from "../../kit/Told";
import css from "./AliasDialog.module.css";
import form from "./Form.module.css";

interface Props {
  editing: AliasShown | "new" | undefined;
  /** Every `provider/model` that is known, as suggestions. */
  known: string[];
  onClose: () => void;
}

export function AliasDialog({ editing, known, onClose }: Props) {
  const title = typeof editing === "object" ? `Alias “${editing.name}”` : "Add an alias";
  return (
    <Dialog title={title} isOpen={editing !== undefined} onClose={onClose}>
      {editing !== undefined && <AliasForm alias={editing === "new" ? undefined : editing} known={known} onDone={onClose} />}
    </Dialog>
  );
}

function AliasForm({ alias, known, onDone }: { alias: AliasShown | undefined; known: string[]; onDone: () => void }) {
  const put = useChange("aliases.put");
  const [name, setName] = useState(alias?.name ?? "");
  const [targets, setTargets] = useState(alias?.targets ?? []);
  const [next, setNext] = useState("");
  const suggestions = useId();

  const append = () => {
    const target = next.trim();
    if (target === "" || targets.includes(target)) return;
    setTargets([...targets, target]);
    setNext("");
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    // A target that was typed and not added yet is meant all the same.
    const all = next.trim() === "" ? targets : [...targets, next.trim()];
    put.mutate({ name: name.trim(), targets: all }, { onSuccess: onDone });
  };

  return (
    <form className={form.form} onSubmit={save} autoComplete="off">
      {!alias && <Field label="Name" mono isRequired autoFocus value={name} onChange={setName} placeholder="fast" hint="Clients send it as the model." />}
      <Order targets={targets} onChange={setTargets} />
      <div className={css.append}>
        <Field
          label={targets.length === 0 ? "First choice" : "Next choice"}
          mono
          list={suggestions}
          value={next}
          onChange={setNext}
          placeholder="provider/model"
          onKeyDown={(event) => {
            if (event.key !== "Enter" || next.trim() === "") return;
            event.preventDefault();
            append();
          }}
        />
        <datalist id={suggestions}>
          {known.filter((target) => !targets.includes(target)).map((target) => (
            <option key={target} value={target} />
          ))}
        </datalist>
        <Button onPress={append} isDisabled={next.trim() === ""}>
          Add
        </Button>
      </div>
      {put.isError && (
        <Notice tone="danger" announce>
          The alias was not saved. <Told>{put.error.message}</Told>
        </Notice>
      )}
      <DialogActions>
        <Button kind="primary" type="submit" isDisabled={put.isPending || (targets.length === 0 && next.trim() === "")}>
          {put.isPending ? "Saving…" : "Save alias"}
        </Button>
        <Button onPress={onDone}>Cancel</Button>
      </DialogActions>
    </form>
  );
}

function Order({ targets, onChange }: { targets: string[]; onChange: (targets: string[]) => void }) {
  if (targets.length === 0) return <p className="soft">No target yet. Requests go to the first; the next is tried when it fails.</p>;
  const move = (index: number, by: number) => {
    const moved = [...targets];
    const [target] = moved.splice(index, 1);
    if (target !== undefined) moved.splice(index + by, 0, target);
    onChange(moved);
  };
  return (
    <ol className={css.order} aria-label="Targets, first choice first">
      {targets.map((target, index) => (
        <li key={target}>
          <span className={css.target}>{target}</span>
          <Button kind="bare" isDisabled={index === 0} onPress={() => move(index, -1)} aria-label={`Move ${target} up`}>
            Up
          </Button>
          <Button kind="bare" isDisabled={index === targets.length - 1} onPress={() => move(index, 1)} aria-label={`Move ${target} down`}>
            Down
          </Button>
          <Button kind="bare" onPress={() => onChange(targets.filter((other) => other !== target))} aria-label={`Take out ${target}`}>
            Take out
          </Button>
        </li>
      ))}
    </ol>
  );
}
