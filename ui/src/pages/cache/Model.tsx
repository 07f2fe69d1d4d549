// The small model in the data folder: whether it is there, and fetching it on somebody's word.

import { useState } from "react";
import type { FetchShown, ModelShown } from "../../api/generated";
import { useChange } from "../../api/queries";
import { bytes } from "../../format";
import { Button } from "../../kit/Button";
import { Lamp } from "../../kit/Lamp";
import { Notice } from "../../kit/Notice";
import { Told } from "../../kit/Told";
import { sentence } from "../../words";
import { FetchDialog } from "./FetchDialog";
import css from "./Model.module.css";

export function Model({ model, isWanted }: { model: ModelShown; isWanted: boolean }) {
  const fetch = useChange("cache.fetch_model");
  const cancel = useChange("cache.cancel_fetch");
  const [asking, setAsking] = useState(false);
  const { fetching } = model;
  const begin = (base?: string) => {
    cancel.reset();
    fetch.mutate(base === undefined ? {} : { base });
  };
  return (
    <section aria-label="The model" className={css.model}>
      <div className={css.head}>
        <h3>The model</h3>
        <State model={model} isWanted={isWanted} />
      </div>
      <p className="soft">
        {model.is_there ? (
          <>
            It lies in <code className={css.path}>{model.folder}</code>. <InForce isWanted={isWanted} />
          </>
        ) : (
          <>
            A small model compares questions by their meaning, on this machine. Fetched, it lies in{" "}
            <code className={css.path}>{model.folder}</code>. <InForce isWanted={isWanted} />
          </>
        )}
      </p>
      {model.trouble !== null && (
        <Notice tone="caution">
          The model can’t be used: <Told>{model.trouble}</Told>.
        </Notice>
      )}
      {fetch.isError && (
        <Notice tone="danger" announce>
          The download did not begin. <Told>{sentence(fetch.error.message)}</Told>
        </Notice>
      )}
      {model.failed !== null && fetching === null && (
        <Notice tone="caution" announce>
          No model came: <Told>{model.failed}</Told>.
        </Notice>
      )}
      {fetching !== null ? (
        <Fetching fetching={fetching} isEnding={cancel.isPending || cancel.isSuccess} onCancel={() => cancel.mutate({})} />
      ) : (
        <div>
          <Button onPress={() => setAsking(true)} isDisabled={fetch.isPending}>
            {model.is_there ? "Fetch the model again (about 90 MB)" : "Fetch the model (about 90 MB)"}
          </Button>
        </div>
      )}
      <FetchDialog isOpen={asking} folder={model.folder} onClose={() => setAsking(false)} onFetch={begin} />
    </section>
  );
}

function State({ model, isWanted }: { model: ModelShown; isWanted: boolean }) {
  if (model.fetching !== null) return <Lamp aspect="held" word="Being fetched" />;
  if (model.trouble !== null) return <Lamp aspect="caution" word="Can’t be used" />;
  if (model.is_there) return <Lamp aspect="clear" word="There" />;
  return <Lamp aspect={isWanted ? "caution" : "dark"} word="Not there" />;
}

function InForce({ isWanted }: { isWanted: boolean }) {
  if (isWanted) return "The config asks for it.";
  return (
    <>
      It is used with <code>embedder = "model"</code> under <code>[cache]</code>.
    </>
  );
}

interface FetchingProps {
  fetching: FetchShown;
  isEnding: boolean;
  onCancel: () => void;
}

function Fetching({ fetching: { file, bytes: here, total }, isEnding, onCancel }: FetchingProps) {
  const part = total === null || total === 0 ? undefined : Math.min(1, here / total);
  const told = file === null ? "Waiting for the first bytes" : total === null ? `${file}: ${bytes(here)}` : `${file}: ${bytes(here)} of ${bytes(total)}`;
  return (
    <div className={css.fetching}>
      <div
        role="progressbar"
        aria-label="Fetching the model"
        aria-valuetext={told}
        {...(part !== undefined && { "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.floor(100 * part) })}
      >
        <svg className={css.bar} viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
          <rect width="100" height="6" className={css.all} />
          <rect width={100 * (part ?? 0)} height="6" />
        </svg>
      </div>
      <span className={css.words}>{told}</span>
      <Button onPress={onCancel} isDisabled={isEnding}>
        {isEnding ? "Ending…" : "Cancel"}
      </Button>
    </div>
  );
}
