// What can be done to a provider. Everything is visible and in the tab order;
// nothing waits for a pointer to hover.

import { useState } from "react";
import type { ProviderShown } from "../../api/generated";
import { useChange } from "../../api/queries";
import { duration } from "../../format";
import { Button } from "../../kit/Button";
import { Confirm } from "../../kit/Confirm";
import { Lever } from "../../kit/Lever";
import { Notice } from "../../kit/Notice";
import { Told } from "../../kit/Told";
import { SetKeyDialog } from "./SetKeyDialog";
import css from "./ProviderActions.module.css";

export function ProviderActions({ provider }: { provider: ProviderShown }) {
  const { id, name } = provider.health;
  const test = useChange("providers.test");
  const enable = useChange("providers.enable");
  const drain = useChange("drains.begin");
  const resume = useChange("drains.end");
  const importKey = useChange("keys.import");
  const remove = useChange("providers.remove");
  const [asking, setAsking] = useState<"key" | "remove">();
  const done = () => setAsking(undefined);
  const failed = [enable, drain, resume, importKey, remove].find((change) => change.isError);
  const { editable, enabled, drain: draining, key } = provider;

  return (
    <>
      <div className={css.actions} role="group" aria-label={`Actions for ${name}`}>
        <Button isDisabled={test.isPending} onPress={() => test.mutate({ id })} aria-label={`Test ${name}`}>
          {test.isPending ? "Testing…" : "Test"}
        </Button>
        {editable && enabled && (
          <Button
            isDisabled={drain.isPending || resume.isPending}
            onPress={() => (draining ? resume.mutate({ what: draining.what }) : drain.mutate({ what: { provider: id } }))}
            aria-label={`${draining ? "Resume" : "Drain"} ${name}`}
          >
            {draining ? "Resume" : "Drain"}
          </Button>
        )}
        {editable && key.source === "keychain" && (
          <Button onPress={() => setAsking("key")} aria-label={`${key.present ? "Replace" : "Set"} key of ${name}`}>
            {key.present ? "Replace key" : "Set key"}
          </Button>
        )}
        {editable && key.importable !== null && (
          <Button
            isDisabled={importKey.isPending}
            onPress={() => importKey.mutate({ id })}
            aria-label={`Import key of ${name} from ${key.importable}`}
          >
            Import key
          </Button>
        )}
        {editable && (
          <Button onPress={() => setAsking("remove")} aria-label={`Remove ${name}`}>
            Remove
          </Button>
        )}
        {editable && (
          <Lever
            isSelected={enabled}
            isDisabled={enable.isPending}
            onChange={(on) => enable.mutate({ id, enabled: on })}
            aria-label={`${name} is enabled`}
          >
            Enabled
          </Lever>
        )}
      </div>

      {(failed || test.isError || test.data) && (
        <div className={css.outcome}>
          {failed?.error && (
            <Notice tone="danger" announce>
              {name}: <Told>{failed.error.message}</Told>
            </Notice>
          )}
          {test.isError && (
            <Notice tone="danger" announce>
              {name} could not be tested. {test.error.message}
            </Notice>
          )}
          {test.data && (
            <Notice
              tone={test.data.ok ? "good" : "danger"}
              announce
              action={
                <Button kind="bare" onPress={test.reset} aria-label={`Close the test result of ${name}`}>
                  Close
                </Button>
              }
            >
              <Told>{test.data.message}</Told> <span className="soft">({duration(test.data.took_ms)})</span>
            </Notice>
          )}
        </div>
      )}

      <SetKeyDialog provider={provider} isOpen={asking === "key"} onClose={done} />
      <Confirm
        title={`Remove ${name}?`}
        act="Remove"
        isOpen={asking === "remove"}
        onClose={done}
        onConfirm={() => remove.mutate({ id })}
      >
        It leaves the config file and gets no more requests. Requests that name it, directly or in an alias, go to the
        next target or are refused with a message that says so.
      </Confirm>
    </>
  );
}
