/** The objects that many behaviours begin with, as small as they can be. */
import { IMAGES } from "./test-image.ts";

type Labels = Record<string, string>;

/** A container that does nothing, unless it is given a command (the shell's). */
export const container = (command?: string, more: object = {}) => ({
  name: "c",
  image: command === undefined ? IMAGES.pause : IMAGES.demo,
  ...(command !== undefined && { command: ["sh", "-c", command] }),
  ...more,
});

/** A pod that ends as soon as it is asked to. */
export const podSpec = (command?: string, more: object = {}) => ({
  terminationGracePeriodSeconds: 1,
  containers: [container(command)],
  ...more,
});

export const template = (labels: Labels, spec: object = podSpec(), annotations: Labels = {}) => ({
  metadata: { labels, annotations },
  spec,
});

export const pod = (name: string, labels: Labels = {}, spec: object = podSpec()) => ({
  metadata: { name, labels },
  spec,
});

/** A ReplicaSet, Deployment or StatefulSet whose pods carry the label app=NAME. */
export const workload = (name: string, replicas: number, more: object = {}, labels: Labels = { app: name }) => ({
  metadata: { name, labels },
  spec: { replicas, selector: { matchLabels: labels }, template: template(labels), ...more },
});
