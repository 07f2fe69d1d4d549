// What concerns every page, above it: routing is paused, the live stream is lost.

import { useChange, useControl } from "../api/queries";
import { stream } from "../api/session";
import { Button } from "../kit/Button";
import { Notice } from "../kit/Notice";
import css from "./Banners.module.css";

export function Banners() {
  const { data } = useControl("overview", {});
  const lost = stream.use() === "lost";
  return (
    <div className={css.banners}>
      {lost && (
        <Notice tone="note" announce>
          The live connection to Signalbox is lost. Figures may be old. Trying again by itself.
        </Notice>
      )}
      {data?.paused && <Paused />}
    </div>
  );
}

function Paused() {
  const pause = useChange("routing.pause");
  return (
    <Notice
      tone="caution"
      announce
      action={
        <Button kind="primary" isDisabled={pause.isPending} onPress={() => pause.mutate({ paused: false })}>
          Resume
        </Button>
      }
    >
      <strong>Routing is paused.</strong> Every new request is refused with a clear message. Requests that were already
      running finish.
      {pause.isError && <> Signalbox could not resume: {pause.error.message}</>}
    </Notice>
  );
}
