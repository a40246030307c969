import * as xentropy from "xentropy";
import { checked } from "xentropy/check";
import { golden, names } from "./golden.js";

export const setup = { xentropy, checked, golden, names };
