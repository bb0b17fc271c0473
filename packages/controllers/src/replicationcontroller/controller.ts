/** Keeps as many pods as a ReplicationController asks for; how stands in replicas/. */
import { replicationcontrollers } from "@kubets/api/generated/refs";
import { selectorFromSet } from "@kubets/machinery";
import { replicaController } from "../replicas/replica-controller.ts";

export const replicationControllers = () =>
  replicaController({
    name: "replicationcontroller",
    component: "replication-controller",
    ref: replicationcontrollers,
    selectorOf: ({ spec }) => selectorFromSet(spec.selector),
    countsTerminating: false,
  });
