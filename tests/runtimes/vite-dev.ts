import { open } from "./browsers.js";
import { APP, importTool } from "./folders.js";
import type { Outcome } from "./program.js";

/** Threads need the two headers, here as in production. */
const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Opens a page of Vite's dev server, at its defaults, in Chromium, and gives what the page reports. */
export async function viteDev(): Promise<Outcome[]> {
  const { createServer } = await importTool("vite");
  let report: (outcomes: Outcome[]) => void;
  const reported = new Promise<Outcome[]>((resolve) => {
    report = resolve;
  });
  const outcomes = {
    name: "outcomes",
    // biome-ignore lint/suspicious/noExplicitAny: Vite's types are not installed with the project
    configureServer({ middlewares }: any) {
      middlewares.use("/outcomes", (request: NodeJS.ReadableStream, response: { end(): void }) => {
        let body = "";
        request.on("data", (data) => (body += data));
        request.on("end", () => {
          response.end();
          report(JSON.parse(body));
        });
      });
    },
  };
  const server = await createServer({
    root: `${APP}/vite-dev`,
    configFile: false,
    logLevel: "error",
    server: { host: "127.0.0.1", headers: HEADERS },
    plugins: [outcomes],
  });
  await server.listen(0);
  try {
    return await open("Chromium", server.resolvedUrls.local[0], reported);
  } finally {
    await server.close();
  }
}
