// The live list: newest on top, one row the keyboard stands on, and no jumping
// while somebody reads.

import type { UseMutationResult } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { RequestPage, RequestRow } from "../../api/generated";
import { MOST_ROWS } from "../../api/rows";
import type { ControlError } from "../../api/transport";
import { useShortcuts } from "../../app/keys";
import { count } from "../../format";
import { Button } from "../../kit/Button";
import { Empty } from "../../kit/Empty";
import { Notice } from "../../kit/Notice";
import { RequestLine } from "./RequestLine";
import { useHeld } from "./useRequestList";
import css from "./RequestList.module.css";

interface Props {
  page: RequestPage;
  filtered: boolean;
  older: UseMutationResult<RequestPage, ControlError, RequestRow>;
  /** The open receipt. */
  receipt: string | undefined;
  cursor: string | undefined;
  onCursor: (id: string) => void;
  onOpen: (id: string) => void;
}

export function RequestList({ page, filtered, older, receipt, cursor, onCursor, onOpen }: Props) {
  const [scrolled, setScrolled] = useState(false);
  const { shown, waiting, release } = useHeld(page.rows, scrolled || receipt !== undefined);
  const scroll = useRef<HTMLDivElement>(null);
  const { at, move, onArrow } = useCursor({ shown, cursor, scroll, onCursor, onOpen, follows: receipt !== undefined });
  const last = page.rows.at(-1);

  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    Enter: () => at !== undefined && onOpen(at),
  });

  const showNew = () => {
    release();
    scroll.current?.scrollTo(0, 0);
  };

  if (page.rows.length === 0) return <NothingYet filtered={filtered} />;
  return (
    <div className={css.frame}>
      {waiting > 0 && (
        <Button kind="primary" className={css.pill!} onPress={showNew}>
          {count(waiting)} new
        </Button>
      )}
      <div className={css.scroll} ref={scroll} onScroll={(event) => setScrolled(event.currentTarget.scrollTop > 8)}>
        <table className={css.table} role="grid" aria-label="Requests, newest first" aria-rowcount={-1}>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Asked for</th>
              <th scope="col" className={css.served}>
                Served by
              </th>
              <th scope="col">Outcome</th>
              <th scope="col" className={css.client}>
                Client
              </th>
              <th scope="col" className={`num ${css.tokens}`}>
                Tokens
              </th>
              <th scope="col" className={`num ${css.cost}`}>
                Cost
              </th>
              <th scope="col" className={`num ${css.first}`}>
                First byte
              </th>
              <th scope="col" className={`num ${css.total}`}>
                Total
              </th>
            </tr>
          </thead>
          <tbody onKeyDown={onArrow}>
            {shown.map((row) => (
              <RequestLine key={row.id} row={row} isCursor={row.id === at} isOpen={row.id === receipt} onOpen={onOpen} />
            ))}
          </tbody>
        </table>
        <Foot page={page} older={older} last={last} />
      </div>
    </div>
  );
}

interface Cursor {
  shown: RequestRow[];
  cursor: string | undefined;
  scroll: React.RefObject<HTMLDivElement | null>;
  onCursor: (id: string) => void;
  onOpen: (id: string) => void;
  /** A receipt is open: it follows the cursor, and keeps the focus. */
  follows: boolean;
}

function useCursor({ shown, cursor, scroll, onCursor, onOpen, follows }: Cursor) {
  const here = shown.findIndex((row) => row.id === cursor);
  const at = (shown[here] ?? shown[0])?.id;
  const line = (id: string) => scroll.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`);

  const move = (by: number) => {
    const next = shown[Math.min(Math.max(here + by, 0), shown.length - 1)];
    if (!next) return;
    if (follows) onOpen(next.id);
    else {
      onCursor(next.id);
      line(next.id)?.focus();
    }
    line(next.id)?.scrollIntoView({ block: "nearest" });
  };

  const onArrow = (event: React.KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -shown.length, End: shown.length }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    move(by);
  };

  // Another page's link may open a receipt that is far down.
  useEffect(() => {
    if (follows && cursor !== undefined) line(cursor)?.scrollIntoView({ block: "nearest" });
  }, []); // eslint-disable-line react-hooks/exhaustive-deps -- only once, on arrival

  return { at, move, onArrow };
}

function Foot({ page, older, last }: Pick<Props, "page" | "older"> & { last: RequestRow | undefined }) {
  if (older.isError) {
    return (
      <Notice tone="danger" announce>
        Older requests could not be read. {older.error.message}
      </Notice>
    );
  }
  if (!page.more || !last) return <p className={css.foot}>These are all of them.</p>;
  if (page.rows.length >= MOST_ROWS) {
    return <p className={css.foot}>The newest {count(MOST_ROWS)} are shown. The filter finds older ones.</p>;
  }
  return (
    <p className={css.foot}>
      <Button isDisabled={older.isPending} onPress={() => older.mutate(last)}>
        {older.isPending ? "Reading…" : "Show older"}
      </Button>
    </p>
  );
}

function NothingYet({ filtered }: { filtered: boolean }) {
  if (filtered) {
    return <Empty title="No request matches the filter">Nothing that was recorded has this text, provider and outcome.</Empty>;
  }
  return (
    <Empty title="No requests yet">
      Point a tool at Signalbox and send something: it shows up here the moment it settles.{" "}
      <a href="#/">The lines to paste are on the Overview page.</a>
    </Empty>
  );
}
