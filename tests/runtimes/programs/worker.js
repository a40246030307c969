// The default export of a Worker; the binaries are imported as modules.
import relaxed from "xentropy/relaxed.wasm";
import simd from "xentropy/simd.wasm";
import { program } from "./runtimes/program.js";
import { threaded } from "./runtimes/threads.js";
import { setup } from "./setup.js";

export default {
  async fetch() {
    const outcomes = await program({ ...setup, modules: { simd, relaxed } });
    return Response.json([...outcomes, ...(await threaded(setup, "doesn't have"))]);
  },
};
