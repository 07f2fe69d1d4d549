// Names that another model answers to than before, as replies tell it.

import type { ModelChange, VersionShown } from "../../api/generated";
import { useControl } from "../../api/queries";
import { count, moment, plural } from "../../format";
import { useNow } from "../../kit/now";
import { Reading } from "../../kit/Reading";
import { Section } from "../../kit/Section";
import { Table } from "../../kit/Table";

export function Changes() {
  const changes = useControl("models.changes", {});
  return (
    <Section title="Who answers to a name">
      <Reading query={changes} what="which models answer">
        {({ watched, changes }) =>
          changes.length === 0 ? (
            <p className="faint">
              {watched === 0
                ? "No reply has told yet which model answers."
                : `The same as when they were first asked: ${plural(watched, "model")}, by what their replies tell.`}
            </p>
          ) : (
            <Board changes={changes} />
          )
        }
      </Reading>
    </Section>
  );
}

function Board({ changes }: { changes: ModelChange[] }) {
  const now = useNow();
  return (
    <Table label="Names that another model answers to">
      <thead>
        <tr>
          <th scope="col">Asked for as</th>
          <th scope="col">Before</th>
          <th scope="col">Now</th>
          <th scope="col">Since</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={`${change.provider}/${change.model}`}>
            <th scope="row">
              {change.model} <span className="faint">{change.provider_name}{change.rolling ? "" : ", a dated snapshot"}</span>
            </th>
            <td><Version of={change.from} /></td>
            <td><Version of={change.to} /></td>
            <td>
              {moment(change.at_unix_ms, now)}
              {change.changes > 1 && <span className="faint">, {count(change.changes)} changes so far</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Version({ of: { model, fingerprint } }: { of: VersionShown }) {
  return (
    <>
      {model ?? <span className="faint">not named</span>}
      {fingerprint !== null && <span className="faint"> on {fingerprint}</span>}
    </>
  );
}
