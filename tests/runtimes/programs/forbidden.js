// A page whose policy has no 'wasm-unsafe-eval'.

import { report } from "./report.js";
import { forbidden } from "./runtimes/program.js";
import { setup } from "./setup.js";

forbidden(setup, "'wasm-unsafe-eval'").then(report);
