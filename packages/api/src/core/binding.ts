/** Bindings: the answer to where a pod is to run. They are created, and never kept. */
import { type FieldError, notSupported, required } from "@kubets/machinery";
import { define } from "../define.ts";
import { bindings } from "../generated/refs.ts";
import type { Binding } from "../generated/types/core-v1.ts";

export const bindingResource = define(bindings, { verbs: ["create"], validate: validateBinding });

/** Also for a pod's own `binding`. */
function validateBinding({ target }: Binding): FieldError[] {
  const errors: FieldError[] = [];
  if (target.kind && target.kind !== "Node") errors.push(notSupported("target.kind", target.kind, ["Node", "<empty>"]));
  if (!target.name) errors.push(required("target.name"));
  return errors;
}
