/** The tabs that the page of an object has, by its kind. */
import type { ComponentType } from "preact";
import { EventsTab } from "../parts/events-tab.ts";
import { SummaryTab } from "../parts/summary-tab.ts";
import { YamlTab } from "../parts/yaml-tab.ts";
import type { Kind } from "../server/kinds.ts";
import type { KubeObject } from "../server/object.ts";

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
  { name: "yaml", title: "YAML", view: YamlTab },
  { name: "events", title: "Events", view: EventsTab, appliesTo: ({ resource }) => resource !== "events" },
];

export const tabsOf = (kind: Kind, object: KubeObject): Tab[] =>
  TABS.filter(({ appliesTo }) => appliesTo?.(kind, object) ?? true);
