// Times, sizes and names: what one looks up or hands to a provider's support.

import type { ReactNode } from "react";
import type { ReceiptShown } from "../../../api/generated";
import { bytes, duration } from "../../../format";
import { CopyButton } from "../../../kit/CopyButton";
import { isByTool } from "../../../tools";
import { endpoint, stopReason } from "../../../words";
import { Line, Part } from "./Part";
import css from "./FactsPart.module.css";

export function FactsPart({ receipt }: { receipt: ReceiptShown }) {
  const { row } = receipt;
  return (
    <>
      <Part title="Time">
        <dl>
          <Line name="First byte">{row.ttft_ms === null ? "none was sent" : duration(row.ttft_ms)}</Line>
          <Line name="Total">{duration(row.total_ms)}</Line>
          {receipt.stop !== null && !isByTool(row) && <Line name="Ended because">{stopReason(receipt.stop)}</Line>}
        </dl>
      </Part>
      <Part title="Request">
        <dl>
          <Line name="Endpoint">{endpoint(row.endpoint)}</Line>
          <Line name="Client key">{row.client ?? "not let in"}</Line>
          {receipt.model_version !== null && <Line name="Answered by version">{receipt.model_version}</Line>}
          {receipt.fingerprint !== null && <Line name="Running on">{receipt.fingerprint}</Line>}
          <Line name="Size">
            {bytes(receipt.request_bytes)} in, {bytes(receipt.reply_bytes)} out
          </Line>
          <Id name="Receipt" id={row.id} />
          {receipt.upstream_id !== null && <Id name="Provider's id" id={receipt.upstream_id} />}
        </dl>
      </Part>
    </>
  );
}

function Id({ name, id }: { name: ReactNode; id: string }) {
  return (
    <Line name={name}>
      <span className={css.id}>
        <code>{id}</code>
        <CopyButton text={id} what={`the id ${id}`} />
      </span>
    </Line>
  );
}
