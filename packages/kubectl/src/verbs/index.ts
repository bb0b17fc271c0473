/** The one list of verbs. */
import type { Verb } from "../verb.ts";
import { annotate } from "./annotate.ts";
import { apply } from "./apply.ts";
import { create } from "./create.ts";
import { deleteVerb } from "./delete.ts";
import { describe } from "./describe.ts";
import { exec } from "./exec.ts";
import { expose } from "./expose.ts";
import { get } from "./get.ts";
import { label } from "./label.ts";
import { logs } from "./logs.ts";
import { patch } from "./patch.ts";
import { scale } from "./scale.ts";

export const verbs: readonly Verb[] = [
  annotate,
  apply,
  create,
  deleteVerb,
  describe,
  exec,
  expose,
  get,
  label,
  logs,
  patch,
  scale,
];
