// Where the package is, for files of the build: this program may run from its source or from build/programs.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

export const ROOT = new URL(".", pathToFileURL(createRequire(import.meta.url).resolve("xentropy/package.json")));
