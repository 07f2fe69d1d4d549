// A client key that was just made: the one moment it can be read.

import type { FreshClientKey } from "../../api/generated";
import { Button } from "../../kit/Button";
import { CopyButton } from "../../kit/CopyButton";
import css from "./FreshKey.module.css";

interface Props {
  fresh: FreshClientKey;
  onSaved: () => void;
  isSaving: boolean;
}

export function FreshKey({ fresh, onSaved, isSaving }: Props) {
  return (
    <div className={css.fresh} role="group" aria-label={`Client key ${fresh.name}`}>
      <p>
        <strong>Client key &ldquo;{fresh.name}&rdquo;.</strong> It is shown only now: Signalbox keeps a hash of it. Tools
        send it instead of a provider&rsquo;s key.
      </p>
      <div className={css.line}>
        <code className={css.key}>{fresh.key}</code>
        <CopyButton text={fresh.key} what="the client key" />
        <Button onPress={onSaved} isDisabled={isSaving}>
          I have saved it
        </Button>
      </div>
    </div>
  );
}
