// A question before something that cannot be taken back.

import type { ReactNode } from "react";
import { Button } from "./Button";
import { Dialog, DialogActions } from "./Dialog";

interface Props {
  title: string;
  /** The verb on the button, the same as in the title. */
  act: string;
  /** What the other button says. */
  keep?: string;
  isOpen: boolean;
  onClose: () => void;
  onConfirm: () => void;
  children: ReactNode;
}

export function Confirm({ title, act, keep = "Keep it", isOpen, onClose, onConfirm, children }: Props) {
  const confirm = () => {
    onClose();
    onConfirm();
  };
  return (
    <Dialog title={title} role="alertdialog" isOpen={isOpen} onClose={onClose}>
      <p>{children}</p>
      <DialogActions>
        <Button kind="danger" onPress={confirm}>
          {act}
        </Button>
        <Button onPress={onClose} autoFocus>
          {keep}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
