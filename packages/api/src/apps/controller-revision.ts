/** Controller revisions: snapshots of a template that StatefulSets and DaemonSets roll back to; their data never changes. */
import { define } from "../define.ts";
import { controllerrevisions } from "../generated/refs.ts";

export const controllerRevisionResource = define(controllerrevisions, {});
