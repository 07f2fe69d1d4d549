// Why adding did not go on, unless a field that is shown says it itself.

import { Notice } from "../../kit/Notice";
import { Told } from "../../kit/Told";
import type { Refused } from "./useAddProvider";

export function Refusal({ refused, shown }: { refused: Refused | undefined; shown: string[] }) {
  if (!refused || (refused.field !== undefined && shown.includes(refused.field))) return null;
  return (
    <Notice tone="danger" announce>
      <Told>{refused.message}</Told>
    </Notice>
  );
}
