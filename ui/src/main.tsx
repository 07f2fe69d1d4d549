// The panel starts here.

import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { newQueryClient } from "./api/queries";
// Before the components, whose own styles must win over these.
import "./kit/tokens.css";
import "./kit/base.css";
import { App } from "./app/App";
import { applyTheme } from "./app/theme";

applyTheme();

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={newQueryClient()}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
