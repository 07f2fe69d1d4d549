// The config file: where it is, which edit runs, and why the newest was refused.

import type { ConfigRefusal, ConfigShown } from "../../api/generated";
import { count } from "../../format";
import { CopyButton } from "../../kit/CopyButton";
import { Notice } from "../../kit/Notice";
import { Section } from "../../kit/Section";
import { Told } from "../../kit/Told";
import { sentence } from "../../words";
import css from "./ConfigFile.module.css";

export function ConfigFile({ config }: { config: ConfigShown }) {
  return (
    <Section title="Config file" aside={`Snapshot ${count(config.snapshot)} runs`}>
      <p className={css.path}>
        <code>{config.path}</code>
        <CopyButton text={config.path} what="the path of the config file" />
      </p>
      {config.refused ? (
        <Notice tone="danger" announce>
          <strong>The newest edit was refused{place(config.refused)}.</strong> <Told>{sentence(config.refused.reason)}</Told> Snapshot{" "}
          {count(config.snapshot)}, the last good one, keeps running. Mend the file and save it: it is read at once.
        </Notice>
      ) : (
        <p className="soft">Edit it in place: a saved edit is checked and runs at once. What is done on this page is written to it too.</p>
      )}
    </Section>
  );
}

function place({ line, column }: ConfigRefusal): string {
  if (line === null) return "";
  return column === null ? ` at line ${line}` : ` at line ${line}, column ${column}`;
}
