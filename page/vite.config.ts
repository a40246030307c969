import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { digits } from "./digits-plugin.js";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** The built page may load nothing from elsewhere, and says so itself. */
const policy: Plugin = {
  name: "policy",
  apply: "build",
  transformIndexHtml: () => [
    {
      tag: "meta",
      attrs: {
        "http-equiv": "Content-Security-Policy",
        content:
          "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
      },
      injectTo: "head-prepend",
    },
  ],
};

export default defineConfig({
  root: path("."),
  base: "./",
  plugins: [digits(), policy],
  resolve: {
    // The built package, as a user gets it.
    alias: [
      { find: "xentropy/reference", replacement: path("../dist/reference/index.js") },
      { find: /^xentropy$/, replacement: path("../dist/index.js") },
    ],
  },
  worker: { format: "es", plugins: () => [digits()] },
  build: { outDir: path("../build/page"), emptyOutDir: true, target: "es2022" },
});
