/** The tabs that the page of an object has, by its kind. */
import type { ComponentType } from "preact";
import { isOneOf } from "../kind-names.ts";
import { EventsTab } from "../parts/events-tab.ts";
import { PodLogsTab, WorkloadLogsTab } from "../parts/logs-tab.ts";
import { ShellTab } from "../parts/shell-tab.ts";
import { SummaryTab } from "../parts/summary-tab.ts";
import { YamlTab } from "../parts/yaml-tab.ts";
import type { Kind } from "../server/kinds.ts";
import type { KubeObject } from "../server/object.ts";
import { podSelectorOf } from "./workload-pods.ts";

export interface ObjectView {
  readonly kind: Kind;
  readonly object: KubeObject;
  /** The container that the address names, where a tab shows one. */
  readonly container: string;
  showContainer(container: string): void;
}

export interface Tab {
  readonly name: string;
  readonly title: string;
  readonly view: ComponentType<ObjectView>;
  /** Of all kinds where it is absent. */
  appliesTo?(kind: Kind, object: KubeObject): boolean;
}

const TABS: readonly Tab[] = [
  { name: "summary", title: "Summary", view: SummaryTab },
  { name: "logs", title: "Logs", view: PodLogsTab, appliesTo: (kind) => isOneOf(kind, ["pods"]) },
  {
    name: "logs",
    title: "Logs",
    view: WorkloadLogsTab,
    appliesTo: (kind, object) => podSelectorOf(kind, object) !== undefined,
  },
  { name: "shell", title: "Shell", view: ShellTab, appliesTo: (kind) => isOneOf(kind, ["pods"]) },
  { name: "yaml", title: "YAML", view: YamlTab },
  { name: "events", title: "Events", view: EventsTab, appliesTo: ({ resource }) => resource !== "events" },
];

export const tabsOf = (kind: Kind, object: KubeObject): Tab[] =>
  TABS.filter(({ appliesTo }) => appliesTo?.(kind, object) ?? true);
