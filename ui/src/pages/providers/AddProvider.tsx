// Adds a provider: one from the catalogue, or any other server.

import { useState } from "react";
import type { CatalogueEntry } from "../../api/generated";
import { useControl } from "../../api/queries";
import { Dialog } from "../../kit/Dialog";
import { Reading } from "../../kit/Reading";
import { AddFromCatalogue } from "./AddFromCatalogue";
import { AddOther } from "./AddOther";
import { ChooseProvider } from "./ChooseProvider";

interface Props {
  isOpen: boolean;
  /** A catalogue id that was chosen elsewhere. */
  chosen: string | undefined;
  onClose: () => void;
}

export function AddProvider({ isOpen, chosen, onClose }: Props) {
  return (
    <Dialog title="Add a provider" wide isOpen={isOpen} onClose={onClose}>
      <Steps chosen={chosen} onDone={onClose} />
    </Dialog>
  );
}

type Step = { choosing: true } | { entry: CatalogueEntry } | { other: true };

function Steps({ chosen, onDone }: { chosen: string | undefined; onDone: () => void }) {
  const catalogue = useControl("providers.catalogue", {});
  const [step, setStep] = useState<Step>();
  const back = () => setStep({ choosing: true });

  return (
    <Reading query={catalogue} what="the catalogue">
      {(entries) => {
        const given = entries.find((entry) => entry.id === chosen && !entry.configured);
        const now: Step = step ?? (given ? { entry: given } : { choosing: true });
        if ("entry" in now) return <AddFromCatalogue entry={now.entry} onBack={back} onDone={onDone} />;
        if ("other" in now) return <AddOther onBack={back} onDone={onDone} />;
        return (
          <ChooseProvider
            entries={entries}
            onChoose={(entry) => setStep({ entry })}
            onOther={() => setStep({ other: true })}
            onCancel={onDone}
          />
        );
      }}
    </Reading>
  );
}
