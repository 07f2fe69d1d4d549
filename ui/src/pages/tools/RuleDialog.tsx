// Changes the rule of a route, or the one for everywhere.

import { useId, useState, type FormEvent } from "react";
import type { PutToolRule, ToolRuleShown } from "../../api/generated";
import { useChange } from "../../api/queries";
import { Button } from "../../kit/Button";
import { Dialog, DialogActions } from "../../kit/Dialog";
import { Field } from "../../kit/Field";
import { Notice } from "../../kit/Notice";
import { Select } from "../../kit/Select";
import { Told } from "../../kit/Told";
import { namesOf } from "../../tools";
import form from "../providers/Form.module.css";

export interface Editing {
  /** None: the rule for everywhere. */
  alias?: string;
  rule: ToolRuleShown;
  isOwn?: boolean;
}

interface Props {
  editing: Editing | undefined;
  /** Names of tools, as suggestions. */
  tools: string[];
  /** Models that may check, as suggestions. */
  models: string[];
  onClose: () => void;
}

export function RuleDialog({ editing, onClose, ...rest }: Props) {
  const title = editing?.alias === undefined ? "Tools everywhere" : `Tools on “${editing.alias}”`;
  return (
    <Dialog title={title} isOpen={editing !== undefined} onClose={onClose} wide>
      {editing !== undefined && <RuleForm editing={editing} onDone={onClose} {...rest} />}
    </Dialog>
  );
}

const FIELDS = ["offer", "rounds", "verify"];

function RuleForm({ editing: { alias, rule, isOwn }, tools, models, onDone }: Omit<Props, "editing" | "onClose"> & { editing: Editing; onDone: () => void }) {
  const put = useChange("tools.rule");
  const [offer, setOffer] = useState(rule.offer.join(", "));
  const [rounds, setRounds] = useState(String(rule.rounds));
  const [verify, setVerify] = useState(rule.verify ?? "");
  const [recheck, setRecheck] = useState(rule.recheck);
  const [onFailure, setOnFailure] = useState(rule.on_failure);
  const suggestions = useId();
  const whose = alias === undefined ? {} : { alias };

  const save = (event: FormEvent) => {
    event.preventDefault();
    const input = changed(rule, { offer: namesOf(offer), rounds: Number(rounds), verify: verify.trim(), recheck, on_failure: onFailure });
    if (Object.keys(input).length === 0) return onDone();
    put.mutate({ ...whose, ...input }, { onSuccess: onDone });
  };
  const refused = (field: string) => (put.error?.field === field ? put.error.message : undefined);

  return (
    <form className={form.form} onSubmit={save} autoComplete="off">
      <Field
        label="Models are offered"
        mono
        value={offer}
        onChange={setOffer}
        placeholder="calculator, time, mcp/docs/*"
        hint={`Names between commas; the last letter of one may be a star. There are ${tools.slice(0, 4).join(", ")} and ${tools.length - 4} more.`}
        error={refused("offer")}
      />
      <div className={form.pair}>
        <Field label="Rounds of calls" mono isRequired value={rounds} onChange={setRounds} type="number" hint="How often a model may be asked again." error={refused("rounds")} />
        <Field
          label="Results are checked by"
          mono
          list={suggestions}
          value={verify}
          onChange={setVerify}
          placeholder="nobody"
          hint="A model words the result; it can’t change it."
          error={refused("verify")}
        />
      </div>
      <datalist id={suggestions}>
        {models.map((model) => (
          <option key={model} value={model} />
        ))}
      </datalist>
      <div className={form.pair}>
        <Select
          label="Arithmetic in answers"
          value={recheck}
          onChange={setRecheck}
          options={[
            { value: "off", label: "is not looked at" },
            { value: "flag", label: "is done over, and noted" },
            { value: "correct", label: "is done over, and corrected" },
          ]}
        />
        <Select
          label="What a tool can’t do"
          value={onFailure}
          onChange={setOnFailure}
          options={[
            { value: "error", label: "is an error" },
            { value: "model", label: "is left to the model" },
          ]}
        />
      </div>
      {put.isError && !FIELDS.includes(put.error.field ?? "") && (
        <Notice tone="danger" announce>
          The rule was not changed. <Told>{put.error.message}</Told>
        </Notice>
      )}
      <DialogActions>
        <Button kind="primary" type="submit" isDisabled={put.isPending}>
          {put.isPending ? "Saving…" : "Save rule"}
        </Button>
        <Button onPress={onDone}>Cancel</Button>
        {isOwn && (
          <Button isDisabled={put.isPending} onPress={() => put.mutate({ ...whose, as_usual: true }, { onSuccess: onDone })}>
            Follow the rule for everywhere
          </Button>
        )}
      </DialogActions>
    </form>
  );
}

type Wanted = Required<Pick<PutToolRule, "offer" | "rounds" | "verify" | "recheck" | "on_failure">>;

/** Only what differs: what a route does not say stays with the rule for everywhere. */
function changed(rule: ToolRuleShown, wanted: Wanted): PutToolRule {
  const verify = wanted.verify === "" ? "none" : wanted.verify;
  return {
    ...(wanted.offer.join() !== rule.offer.join() && { offer: wanted.offer }),
    ...(wanted.rounds !== rule.rounds && { rounds: wanted.rounds }),
    ...(verify !== (rule.verify ?? "none") && { verify }),
    ...(wanted.recheck !== rule.recheck && { recheck: wanted.recheck }),
    ...(wanted.on_failure !== rule.on_failure && { on_failure: wanted.on_failure }),
  };
}
