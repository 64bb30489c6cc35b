import "@mantine/core/styles.css";
import "./app/app.css";
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ProblemError } from "./api/client";
import { router } from "./app/router";
import { styleNonce } from "./app/served";
import { theme } from "./app/theme";
import { ShortcutsProvider } from "./kit/shortcuts";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What the service refused, it refuses again; what it did not answer is asked for again.
      retry: (failures, error) =>
        failures < 3 &&
        error instanceof ProblemError &&
        (error.status === 0 || error.status >= 500),
      staleTime: 5_000,
    },
    mutations: { retry: false },
  },
});

const root = document.getElementById("root");
if (!root) throw new Error("the page has no root");
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => styleNonce}>
      <ShortcutsProvider>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </ShortcutsProvider>
    </MantineProvider>
  </StrictMode>,
);
