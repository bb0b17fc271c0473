/** Keeps as many pods as a ReplicaSet asks for; how stands in replicas/. */
import { replicasets } from "@kubets/api/generated/refs";
import { labelSelectorOf } from "@kubets/machinery";
import { replicaController } from "../replicas/replica-controller.ts";

export const replicaSets = () =>
  replicaController({
    name: "replicaset",
    component: "replicaset-controller",
    ref: replicasets,
    selectorOf: ({ spec }) => labelSelectorOf(spec.selector),
    countsTerminating: true,
  });
