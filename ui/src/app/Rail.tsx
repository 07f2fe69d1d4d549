// The rail: where one can go, drawn as a line with its stations, and below it
// what is true on every page: the address and whether routing runs.

import { useChange, useControl } from "../api/queries";
import { CopyButton } from "../kit/CopyButton";
import { classes } from "../kit/classes";
import { Lever } from "../kit/Lever";
import { useShortcuts } from "./keys";
import { go, PAGES, type PageName } from "./route";
import { ThemeChoice } from "./ThemeChoice";
import { ShortcutsButton } from "./ShortcutSheet";
import css from "./Rail.module.css";

export function Rail({ page }: { page: PageName }) {
  useShortcuts(Object.fromEntries(Object.values(PAGES).map(({ key, href }) => [key, () => go(href)])));
  return (
    <header className={css.rail}>
      <div className={css.plate}>
        <img src="./signalbox.svg" alt="" width="20" height="20" />
        Signalbox
      </div>
      <nav aria-label="Pages" className={css.line}>
        {Object.entries(PAGES).map(([name, { title, href, key }]) => (
          <a
            key={name}
            href={href}
            className={classes(css.station, name === page && css.here)}
            aria-current={name === page ? "page" : undefined}
            aria-keyshortcuts={key}
          >
            {title}
          </a>
        ))}
      </nav>
      <div className={css.foot}>
        <Routing />
        <div className={css.tools}>
          <ThemeChoice />
          <ShortcutsButton />
        </div>
      </div>
    </header>
  );
}

function Routing() {
  const { data } = useControl("overview", {});
  const pause = useChange("routing.pause");
  if (!data) return null;
  const address = data.addresses[0];
  return (
    <div className={css.routing}>
      {address && (
        <div className={css.address}>
          <span className="unseen">Tools connect to </span>
          <code>{address.replace(/^https?:\/\//, "")}</code>
          <CopyButton text={address} what="the address" />
        </div>
      )}
      <Lever
        aria-label="Routing runs"
        isSelected={!data.paused}
        isDisabled={pause.isPending}
        onChange={(running) => pause.mutate({ paused: !running })}
      >
        Routing
      </Lever>
    </div>
  );
}
