// Aliases: names that stand for lists of targets, tried in order.

import { useState } from "react";
import type { AliasShown, ProviderShown } from "../../api/generated";
import { useChange } from "../../api/queries";
import { Button } from "../../kit/Button";
import { Confirm } from "../../kit/Confirm";
import { Empty } from "../../kit/Empty";
import { Notice } from "../../kit/Notice";
import { Section } from "../../kit/Section";
import { AliasDialog } from "./AliasDialog";
import css from "./Aliases.module.css";

export function Aliases({ aliases, providers }: { aliases: AliasShown[]; providers: ProviderShown[] }) {
  const remove = useChange("aliases.remove");
  const [editing, setEditing] = useState<AliasShown | "new">();
  const [removing, setRemoving] = useState<string>();
  const known = providers.flatMap(({ health, models }) => models.map((model) => `${health.id}/${model}`));

  return (
    <Section title="Aliases" aside={<Button onPress={() => setEditing("new")}>Add an alias</Button>}>
      {remove.isError && (
        <Notice tone="danger" announce>
          The alias was not removed. {remove.error.message}
        </Notice>
      )}
      {aliases.length === 0 ? (
        <Empty title="No alias yet">
          An alias is a model name of your own, such as &ldquo;fast&rdquo;. A request for it goes to the first of its
          targets, and to the next when that one fails.
        </Empty>
      ) : (
        <ul className={css.list} aria-label="Aliases">
          {aliases.map((alias) => (
            <li key={alias.name} className={css.alias}>
              <strong className={css.name}>{alias.name}</strong>
              <ol className={css.targets} aria-label={`Targets of ${alias.name}, in order`}>
                {alias.targets.map((target) => (
                  <li key={target}>{target}</li>
                ))}
              </ol>
              <span className={css.actions}>
                <Button onPress={() => setEditing(alias)} aria-label={`Edit the alias ${alias.name}`}>
                  Edit
                </Button>
                <Button onPress={() => setRemoving(alias.name)} aria-label={`Remove the alias ${alias.name}`}>
                  Remove
                </Button>
              </span>
            </li>
          ))}
        </ul>
      )}
      <AliasDialog editing={editing} known={known} onClose={() => setEditing(undefined)} />
      <Confirm
        title={`Remove the alias “${removing ?? ""}”?`}
        act="Remove"
        isOpen={removing !== undefined}
        onClose={() => setRemoving(undefined)}
        onConfirm={() => removing !== undefined && remove.mutate({ name: removing })}
      >
        Requests for this name are refused from then on, unless a provider serves a model of the same name.
      </Confirm>
    </Section>
  );
}
