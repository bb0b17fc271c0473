/** PriorityClass */
import { define } from "../define.ts";
import { priorityclasses } from "../generated/refs.ts";

export const priorityClassResource = define(priorityclasses, { shortNames: ["pc"] });
