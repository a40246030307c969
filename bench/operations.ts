// The operations that are measured.

import { elementOperations } from "./element-operations.js";
import type { Operation } from "./operation.js";
import { rowOperations } from "./row-operations.js";

export const operations: readonly Operation[] = [...rowOperations, ...elementOperations];
