/** StorageClass */
import { define } from "../define.ts";
import { storageclasses } from "../generated/refs.ts";

export const storageClassResource = define(storageclasses, { shortNames: ["sc"] });
