// A thread of split.ts.
import { workerData } from "node:worker_threads";
import { serve } from "./split.js";

serve(workerData.shared, workerData.part);
