// The frame around every page: the rail, what concerns all pages, the page itself.

import { useEffect, useRef } from "react";
import { useLive } from "../api/live";
import { linkNeeded } from "../api/session";
import { CachePage } from "../pages/cache/CachePage";
import { HealthPage } from "../pages/health/HealthPage";
import { OverviewPage } from "../pages/overview/OverviewPage";
import { ProvidersPage } from "../pages/providers/ProvidersPage";
import { RequestsPage } from "../pages/requests/RequestsPage";
import { ToolsPage } from "../pages/tools/ToolsPage";
import { Banners } from "./Banners";
import { FreshLink } from "./FreshLink";
import { Rail } from "./Rail";
import { PAGES, useRoute, type PageName } from "./route";
import { ShortcutSheet } from "./ShortcutSheet";
import css from "./App.module.css";

const SHOWN: Record<PageName, () => React.ReactNode> = {
  overview: OverviewPage,
  requests: RequestsPage,
  providers: ProvidersPage,
  health: HealthPage,
  cache: CachePage,
  tools: ToolsPage,
};

export function App() {
  return linkNeeded.use() ? <FreshLink /> : <Panel />;
}

function Panel() {
  useLive();
  const { page } = useRoute();
  const main = useNewPageFocus(page);
  const Page = SHOWN[page];
  return (
    <div className={css.frame}>
      <Rail page={page} />
      <main className={css.main} ref={main}>
        <Banners />
        <Page key={page} />
      </main>
      <ShortcutSheet />
    </div>
  );
}

/** After a change of page the keyboard stands at its heading, and the title says where. */
function useNewPageFocus(page: PageName) {
  const main = useRef<HTMLElement>(null);
  const shown = useRef<PageName>(null);
  useEffect(() => {
    document.title = `${PAGES[page].title} – Signalbox`;
    if (shown.current !== null && shown.current !== page) {
      main.current?.querySelector<HTMLElement>("h1")?.focus();
      main.current?.scrollTo(0, 0);
    }
    shown.current = page;
  }, [page]);
  return main;
}
