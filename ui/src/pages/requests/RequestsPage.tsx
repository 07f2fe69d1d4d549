// Requests: every exchange as it settles, and its receipt beside it.

import { useRef, useState } from "react";
import type { ListRequests } from "../../api/generated";
import { useShortcuts } from "../../app/keys";
import { go, requestsHref, useRoute } from "../../app/route";
import { classes } from "../../kit/classes";
import { Reading } from "../../kit/Reading";
import { ReceiptPane } from "./ReceiptPane";
import { RequestFilter } from "./RequestFilter";
import { RequestList } from "./RequestList";
import { useRequestList } from "./useRequestList";
import css from "./RequestsPage.module.css";

export function RequestsPage() {
  const { receipt, params } = useRoute();
  const filter = filterOf(params);
  const { query, older } = useRequestList(filter);
  const list = useRef<HTMLDivElement>(null);
  // The row the keyboard stands on; the open receipt's, when one is open.
  const [cursor, setCursor] = useState<string>();

  const open = (id: string) => {
    setCursor(id);
    go(requestsHref(params, id), receipt ? "replace" : "push");
  };
  const close = () => {
    if (!receipt) return;
    setCursor(receipt);
    go(requestsHref(params), "replace");
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>("[role=row][tabindex='0']")?.focus());
  };

  useShortcuts({ Escape: close });

  return (
    <div className={classes(css.page, receipt && css.open)}>
      <div className={css.head}>
        <h1 tabIndex={-1}>Requests</h1>
        <RequestFilter params={params} onChange={(next) => go(requestsHref(next, receipt), "replace")} />
      </div>
      <div className={css.body}>
        <div className={css.list} ref={list}>
          <Reading query={query} what="the requests">
            {(page) => (
              <RequestList
                key={params.toString()}
                page={page}
                filtered={filter.text !== undefined || filter.provider !== undefined || filter.failed_only}
                older={older}
                receipt={receipt}
                cursor={receipt ?? cursor}
                onCursor={setCursor}
                onOpen={open}
              />
            )}
          </Reading>
        </div>
        {receipt && <ReceiptPane key={receipt} id={receipt} onClose={close} />}
      </div>
    </div>
  );
}

function filterOf(params: URLSearchParams): ListRequests {
  const text = params.get("text")?.trim();
  const provider = params.get("provider");
  return {
    ...(text && { text }),
    ...(provider && { provider }),
    failed_only: params.has("failed"),
  };
}
