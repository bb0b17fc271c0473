/** The one list of verbs on resources. */
import type { ApiCall } from "../api-call.ts";
import { create } from "./create.ts";
import { remove } from "./delete.ts";
import { removeCollection } from "./delete-collection.ts";
import { get } from "./get.ts";
import { list } from "./list.ts";
import { patch } from "./patch.ts";
import { update } from "./update.ts";
import { watch } from "./watch.ts";

export type VerbHandler = (call: ApiCall) => void | Promise<void>;

export const verbs: Readonly<Record<string, VerbHandler>> = {
  create,
  delete: remove,
  deletecollection: removeCollection,
  get,
  list,
  patch,
  update,
  watch,
};
