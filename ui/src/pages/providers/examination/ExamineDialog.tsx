// Says what an examination will do and cost before it begins, and takes the model.

import { useId, useState, type FormEvent } from "react";
import type { ProviderShown } from "../../../api/generated";
import { Button } from "../../../kit/Button";
import { Dialog, DialogActions } from "../../../kit/Dialog";
import { Field } from "../../../kit/Field";
import form from "../Form.module.css";

interface Props {
  provider: ProviderShown;
  isOpen: boolean;
  onClose: () => void;
  /** Empty: the doctor's own choice. */
  onExamine: (model: string) => void;
}

export function ExamineDialog(props: Props) {
  return (
    <Dialog title={`Examine ${props.provider.health.name}?`} isOpen={props.isOpen} onClose={props.onClose}>
      <Question {...props} />
    </Dialog>
  );
}

function Question({ provider, onClose, onExamine }: Props) {
  const { name, practice } = provider.health;
  const [model, setModel] = useState("");
  const known = useId();

  const submit = (event: FormEvent) => {
    event.preventDefault();
    onExamine(model.trim());
  };

  return (
    <form className={form.form} onSubmit={submit} autoComplete="off">
      <p>
        For about half a minute Signalbox asks {name} as tools do, in each of their dialects: for answers and streams,
        tools, thoughts, a schema, the cache and counts of tokens. What is found is kept, and for thirty days an alias
        tries last what was seen to fail.
      </p>
      <p>
        {practice || provider.local ? (
          <strong>It costs nothing.</strong>
        ) : (
          <>
            <strong>It is billed to your key: a few cents at most</strong>, unless you name a dear model. Some dozens of
            requests are sent, of about 35,000 tokens in all.
          </>
        )}{" "}
        Each leaves its receipt, of the client <code>doctor</code>.
      </p>
      <Field
        label="Model"
        mono
        list={known}
        value={model}
        onChange={setModel}
        placeholder={practice ? "steady" : "the cheapest that is known"}
        hint="As the provider names it. Leave it empty to let Signalbox choose."
      />
      <datalist id={known}>
        {provider.models.map((id) => (
          <option key={id} value={id} />
        ))}
      </datalist>
      <DialogActions>
        <Button kind="primary" type="submit" autoFocus>
          Examine
        </Button>
        <Button onPress={onClose}>Cancel</Button>
      </DialogActions>
    </form>
  );
}
