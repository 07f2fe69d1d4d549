// Asks for the address of a provider that has one for each customer: by the words
// that stand in it, or whole.

import { useState } from "react";
import type { CatalogueEntry, PutProvider } from "../../api/generated";
import { Button } from "../../kit/Button";
import { Choice } from "../../kit/Choice";
import { Field } from "../../kit/Field";
import { part } from "../../words";
import css from "./Form.module.css";

/** What is entered so far. */
export interface Address {
  by: "parts" | "whole";
  parts: Record<string, string>;
  whole: string;
  paths: "current" | "older";
  version: string;
}

/** The last version of Azure's older paths that is no preview. */
const LAST_VERSION = "2024-10-21";

export function useAddress() {
  return useState<Address>({ by: "parts", parts: {}, whole: "", paths: "current", version: LAST_VERSION });
}

/** The address as the control API takes it. */
export function addressInput(entry: CatalogueEntry, address: Address): Partial<PutProvider> {
  if (entry.address === null) return {};
  const where = address.by === "parts" ? { parts: address.parts } : { [wholeField(entry)]: address.whole };
  return entry.older_address !== null && address.paths === "older" ? { ...where, api_version: address.version } : where;
}

/** The setting that a whole address is written to; the entry's other dialects follow it. */
function wholeField(entry: CatalogueEntry): string {
  return `${entry.dialects[0]}_base_url`;
}

interface Props {
  entry: CatalogueEntry;
  value: Address;
  onChange: (value: Address) => void;
  /** The message for a field of the control API's input. */
  error: (field: string) => string | undefined;
}

export function AddressQuestion({ entry, value, onChange, error }: Props) {
  const older = value.paths === "older" && entry.older_address !== null;
  const pattern = older ? entry.older_address : entry.address;
  const byParts = value.by === "parts";
  return (
    <div className={css.question}>
      {byParts ? (
        <div className={css.pair}>
          {entry.parts.map((name, index) => (
            <Field
              key={name}
              {...part(name)}
              mono
              autoFocus={index === 0}
              value={value.parts[name] ?? ""}
              onChange={(word) => onChange({ ...value, parts: { ...value.parts, [name]: word } })}
              error={error(name)}
            />
          ))}
        </div>
      ) : (
        <Field
          label="Base URL"
          mono
          autoFocus
          value={value.whole}
          onChange={(whole) => onChange({ ...value, whole })}
          placeholder="https://"
          error={error(wholeField(entry))}
        />
      )}
      <div className={css.pattern}>
        <p>
          {byParts ? "Its address" : "It looks like"}: <code>{pattern}</code>
        </p>
        <Button kind="bare" onPress={() => onChange({ ...value, by: byParts ? "whole" : "parts" })}>
          {byParts ? "Write the whole address instead" : "Fill in its parts instead"}
        </Button>
      </div>
      {entry.older_address !== null && (
        <Choice<Address["paths"]>
          label="Its paths"
          value={value.paths}
          onChange={(paths) => onChange({ ...value, paths })}
          options={[
            { value: "current", label: "Current: no version to choose" },
            { value: "older", label: "Older: by deployment, with an api-version" },
          ]}
        />
      )}
      {older && (
        <Field
          label="api-version"
          mono
          value={value.version}
          onChange={(version) => onChange({ ...value, version })}
          error={error("api_version")}
        />
      )}
    </div>
  );
}
