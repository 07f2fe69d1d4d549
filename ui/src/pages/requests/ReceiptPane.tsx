// A receipt: what one exchange cost, and why it went where it did.

import { useEffect, useRef } from "react";
import type { ReceiptShown } from "../../api/generated";
import { useControl } from "../../api/queries";
import { clock, date } from "../../format";
import { Button } from "../../kit/Button";
import { Lamp } from "../../kit/Lamp";
import { PracticeMark } from "../../kit/PracticeMark";
import { Reading } from "../../kit/Reading";
import { ending } from "../../words";
import { CachePart } from "./receipt/CachePart";
import { ChoicePart } from "./receipt/ChoicePart";
import { CostPart } from "./receipt/CostPart";
import { DroppedPart } from "./receipt/DroppedPart";
import { FactsPart } from "./receipt/FactsPart";
import { NotesPart } from "./receipt/NotesPart";
import { RoutePart } from "./receipt/RoutePart";
import { TokensPart } from "./receipt/TokensPart";
import { ToolsPart } from "./receipt/ToolsPart";
import { HitMark } from "./HitMark";
import { ToolMark } from "./ToolMark";
import css from "./ReceiptPane.module.css";

export function ReceiptPane({ id, onClose }: { id: string; onClose: () => void }) {
  const receipt = useControl("requests.get", { id });
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus({ preventScroll: true }), []);
  return (
    <aside className={css.pane} aria-labelledby="receipt">
      <div className={css.head}>
        <h2 id="receipt" ref={title} tabIndex={-1}>
          Receipt
        </h2>
        {receipt.data && <Standing receipt={receipt.data} />}
        <Button kind="bare" className={css.close!} onPress={onClose} aria-keyshortcuts="Escape">
          Close
        </Button>
      </div>
      <Reading query={receipt} what="this receipt">
        {(data) => (
          <>
            <RoutePart receipt={data} />
            <ToolsPart tools={data.tools} />
            <CachePart cache={data.cache} />
            <ChoicePart choice={data.choice} />
            <DroppedPart dropped={data.dropped} />
            <NotesPart notes={data.notes} />
            <TokensPart receipt={data} />
            <CostPart receipt={data} />
            <FactsPart receipt={data} />
          </>
        )}
      </Reading>
    </aside>
  );
}

function Standing({ receipt: { row } }: { receipt: ReceiptShown }) {
  return (
    <>
      <Lamp {...ending(row)} />
      <HitMark verdict={row.cache} />
      <ToolMark way={row.tools} />
      {row.practice && <PracticeMark />}
      <span className="soft" title={date(row.at_unix_ms)}>
        {clock(row.at_unix_ms)}
      </span>
    </>
  );
}
