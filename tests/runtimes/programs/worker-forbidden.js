// A Worker bundled without the `workerd` condition: it gets the entry that compiles bytes, which is refused.
import { forbidden } from "./runtimes/program.js";
import { setup } from "./setup.js";

export default {
  async fetch() {
    return Response.json(await forbidden(setup, "module option"));
  },
};
