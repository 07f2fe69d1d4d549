// The catalogue as a searchable list.

import { useState } from "react";
import { Autocomplete, Input, ListBox, ListBoxItem, SearchField, Text, useFilter } from "react-aria-components";
import type { CatalogueEntry } from "../../api/generated";
import { plural } from "../../format";
import { Button } from "../../kit/Button";
import { DialogActions } from "../../kit/Dialog";
import { dialect } from "../../words";
import css from "./ChooseProvider.module.css";

interface Props {
  entries: CatalogueEntry[];
  onChoose: (entry: CatalogueEntry) => void;
  onOther: () => void;
  onCancel: () => void;
}

export function ChooseProvider({ entries, onChoose, onOther, onCancel }: Props) {
  const { contains } = useFilter({ sensitivity: "base" });
  const [typed, setTyped] = useState("");
  const choose = (id: React.Key) => {
    const entry = entries.find((candidate) => candidate.id === id);
    if (entry) onChoose(entry);
  };
  return (
    <>
      <Autocomplete filter={contains} inputValue={typed} onInputChange={setTyped}>
        <SearchField aria-label="Search the catalogue" autoFocus className={css.search!}>
          <Input placeholder="Search by name" spellCheck={false} />
        </SearchField>
        <ListBox
          aria-label="Catalogue"
          className={css.list!}
          items={entries}
          selectionMode="none"
          onAction={choose}
          disabledKeys={entries.filter((entry) => entry.configured).map((entry) => entry.id)}
          renderEmptyState={() => (
            <p className={css.none}>No provider of this name is in the catalogue. Add it as another server below.</p>
          )}
        >
          {(entry) => (
            <ListBoxItem id={entry.id} textValue={`${entry.name} ${entry.id}`} className={css.entry!}>
              <Text slot="label">{entry.name}</Text>
              <Text slot="description" className={css.about!}>
                {about(entry)}
              </Text>
            </ListBoxItem>
          )}
        </ListBox>
      </Autocomplete>
      <DialogActions>
        <Button onPress={onOther}>Other server</Button>
        <Button onPress={onCancel}>Cancel</Button>
      </DialogActions>
    </>
  );
}

function about(entry: CatalogueEntry): string {
  if (entry.configured) return "already added";
  const parts = [entry.dialects.map(dialect).join(" and ")];
  if (entry.models > 0) parts.push(plural(entry.models, "priced model"));
  if (entry.local) parts.push("on this machine");
  if (entry.environment !== null) parts.push(`key found in ${entry.environment}`);
  return parts.join(", ");
}
