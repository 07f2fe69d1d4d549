// Sets or replaces a provider's key, or removes it from the keychain.

import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type FormEvent } from "react";
import type { ProviderShown } from "../../api/generated";
import { sendKey } from "../../api/keys";
import { useChange } from "../../api/queries";
import { Button } from "../../kit/Button";
import { Dialog, DialogActions } from "../../kit/Dialog";
import { Notice } from "../../kit/Notice";
import { Told } from "../../kit/Told";
import type { KeyTaker } from "./KeyInput";
import { KeyQuestion } from "./KeyQuestion";
import css from "./Form.module.css";

interface Props {
  provider: ProviderShown;
  isOpen: boolean;
  onClose: () => void;
}

export function SetKeyDialog({ provider, isOpen, onClose }: Props) {
  return (
    <Dialog title={`Key of ${provider.health.name}`} isOpen={isOpen} onClose={onClose}>
      <KeyForm provider={provider} onDone={onClose} />
    </Dialog>
  );
}

function KeyForm({ provider: { health, key }, onDone }: { provider: ProviderShown; onDone: () => void }) {
  const client = useQueryClient();
  const taker = useRef<KeyTaker>(null);
  const remove = useChange("keys.remove");
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<string>();

  const save = async (event: FormEvent) => {
    event.preventDefault();
    const value = taker.current?.take() ?? "";
    if (value === "") return setRefused("There was nothing to save. Paste the key into the line above.");
    setBusy(true);
    setRefused(undefined);
    try {
      await sendKey(client, health.id, value);
      onDone();
    } catch (error) {
      setRefused(`The key was not saved. ${error instanceof Error ? error.message : String(error)} Paste it again.`);
      setBusy(false);
    }
  };

  return (
    <form className={css.form} onSubmit={save} autoComplete="off">
      <KeyQuestion auth={key.auth} label={`Key for ${health.name}`} takerRef={taker} autoFocus />
      {refused && (
        <Notice tone="danger" announce>
          <Told>{refused}</Told>
        </Notice>
      )}
      {remove.isError && (
        <Notice tone="danger" announce>
          The key was not removed. {remove.error.message}
        </Notice>
      )}
      <DialogActions>
        <Button kind="primary" type="submit" isDisabled={busy}>
          {busy ? "Saving…" : "Save key"}
        </Button>
        <Button onPress={onDone}>Cancel</Button>
        {key.present && (
          <Button
            kind="danger"
            isDisabled={remove.isPending}
            onPress={() => remove.mutate({ id: health.id }, { onSuccess: onDone })}
          >
            Remove key
          </Button>
        )}
      </DialogActions>
    </form>
  );
}
