/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The service that `npm run dev` talks to.
const service = process.env.SFPFR_DEV_SERVICE ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../backend/page/bundle",
    emptyOutDir: true,
    // The page's policy admits neither inline scripts nor data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    license: true,
    target: "es2023",
  },
  worker: { format: "es" },
  server: {
    host: "127.0.0.1",
    // The service admits its own origin only, so the proxy speaks in its name.
    proxy: {
      "/api": {
        target: service,
        changeOrigin: true,
        configure: (proxy) => {
          proxy.on("proxyReq", (request) => {
            if (request.getHeader("origin")) request.setHeader("origin", service);
          });
        },
      },
    },
  },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"] },
});
