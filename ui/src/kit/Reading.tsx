// The three ways a read can stand: still loading, failed, or here.

import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { ControlError } from "../api/transport";
import { Button } from "./Button";
import { Notice } from "./Notice";
import css from "./Reading.module.css";

interface Props<T> {
  query: UseQueryResult<T, ControlError>;
  /** What is read, as in "Reading the providers…". */
  what: string;
  children: (data: T) => ReactNode;
}

export function Reading<T>({ query, what, children }: Props<T>) {
  if (query.data !== undefined) {
    return (
      <>
        {query.isError && <Failed query={query} what={what} stale />}
        {children(query.data)}
      </>
    );
  }
  if (query.isError) return <Failed query={query} what={what} />;
  return (
    <p className={css.loading} role="status">
      Reading {what}…
    </p>
  );
}

function Failed<T>({ query, what, stale }: { query: UseQueryResult<T, ControlError>; what: string; stale?: boolean }) {
  return (
    <Notice
      tone="danger"
      announce
      action={
        <Button onPress={() => void query.refetch()} isDisabled={query.isFetching}>
          {query.isFetching ? "Reading…" : "Read again"}
        </Button>
      }
    >
      Signalbox could not read {what}. {query.error?.message}
      {stale && " What you see below is from before."}
    </Notice>
  );
}
