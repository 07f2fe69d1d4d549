// The end of adding: it is in the config, and this is what a first test found.

import type { ProviderTest } from "../../api/generated";
import { duration } from "../../format";
import { Button } from "../../kit/Button";
import { DialogActions } from "../../kit/Dialog";
import { Notice } from "../../kit/Notice";
import { Told } from "../../kit/Told";

interface Props {
  name: string;
  tested: ProviderTest;
  /** Back to what was entered, to change it. */
  onBack: () => void;
  onDone: () => void;
}

export function Added({ name, tested, onBack, onDone }: Props) {
  return (
    <>
      <Notice tone={tested.ok ? "good" : "caution"} announce>
        {tested.ok ? `${name} was added.` : `${name} was added, but a test of it failed.`} <Told>{tested.message}</Told>{" "}
        <span className="soft">({duration(tested.took_ms)})</span>
      </Notice>
      <DialogActions>
        <Button kind="primary" onPress={onDone} autoFocus>
          Done
        </Button>
        {!tested.ok && <Button onPress={onBack}>Change what was entered</Button>}
      </DialogActions>
    </>
  );
}
