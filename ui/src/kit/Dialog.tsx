// A dialog in the middle of the window. Esc and a press outside close it.

import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { classes } from "./classes";
import css from "./Dialog.module.css";

interface Props {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** `alertdialog` for a question that must be answered. */
  role?: "dialog" | "alertdialog";
  /** For forms whose lines are long, such as addresses. */
  wide?: boolean;
  children: ReactNode;
}

export function Dialog({ title, isOpen, onClose, role = "dialog", wide = false, children }: Props) {
  return (
    <ModalOverlay
      className={css.overlay!}
      isOpen={isOpen}
      onOpenChange={(open) => open || onClose()}
      isDismissable={role === "dialog"}
    >
      <Modal className={classes(css.modal, wide && css.wide)}>
        <AriaDialog role={role} className={css.dialog!}>
          <Heading slot="title" className={css.title!}>
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

/** The buttons at the foot of a dialog, the one that acts first. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={css.actions}>{children}</div>;
}
