// The question before the model is fetched: from where, what is sent, and where it will lie.

import { useState } from "react";
import { Button } from "../../kit/Button";
import { Dialog, DialogActions } from "../../kit/Dialog";
import { Field } from "../../kit/Field";
import css from "./ForgetDialog.module.css";

interface Props {
  isOpen: boolean;
  folder: string;
  onClose: () => void;
  /** With an address, or without one for where everybody gets it. */
  onFetch: (base?: string) => void;
}

/** Where the engine fetches it from unless an address is given. */
const USUAL = "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main";

export function FetchDialog({ isOpen, onClose, ...rest }: Props) {
  return (
    <Dialog title="Fetch the model?" wide isOpen={isOpen} onClose={onClose}>
      {isOpen && <Question onClose={onClose} {...rest} />}
    </Dialog>
  );
}

function Question({ folder, onClose, onFetch }: Omit<Props, "isOpen">) {
  const [base, setBase] = useState("");
  const fetch = () => {
    onClose();
    onFetch(base.trim() || undefined);
  };
  return (
    <div className={css.question}>
      <p>
        Three files of all-MiniLM-L6-v2 (Apache-2.0, about 90 MB) come from huggingface.co, or from the address below. Nothing
        is sent but the request for these files: no question, no key, nothing of yours.
      </p>
      <p>
        They are written to <code className={css.path}>{folder}</code>, in place of a model that is there, when all are whole.
      </p>
      <Field label="Another address" mono value={base} onChange={setBase} placeholder={USUAL} hint="A copy of your own: the three files lie below it. Empty for huggingface.co." />
      <DialogActions>
        <Button kind="primary" onPress={fetch}>
          Fetch
        </Button>
        <Button onPress={onClose} autoFocus>
          Not now
        </Button>
      </DialogActions>
    </div>
  );
}
