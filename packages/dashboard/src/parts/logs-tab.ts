/** What the containers of a pod write, or of all pods of a workload. */
import { type ComponentChild, h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { PODS } from "../kind-names.ts";
import type { ObjectView } from "../kinds/tabs.ts";
import { podSelectorOf } from "../kinds/workload-pods.ts";
import { asObjects } from "../server/forms.ts";
import { pathOf } from "../server/kinds.ts";
import { containersOf, defaultContainer, type SomePod, stateText } from "../server/pods.ts";
import { queryText } from "../server/server.ts";
import { check, choice } from "./fields.ts";
import { useCluster, useFollowed, useTry } from "./hooks.ts";
import { KEPT_LINES } from "./log-buffer.ts";
import { LogReader, MOST_PODS } from "./log-reader.ts";
import { LogText } from "./log-text.ts";
import { FailureBox, Loading } from "./messages.ts";
import { saveFile } from "./save-file.ts";

export const PodLogsTab = ({ object, ...view }: ObjectView): ComponentChild =>
  h(Logs, { ...view, name: object.metadata.name ?? "", of: object.metadata.uid ?? "", pods: [object as SomePod] });

const ALL = "";

export function WorkloadLogsTab({ kind, object, ...view }: ObjectView): ComponentChild {
  const { namespace, name = "" } = object.metadata;
  const labelSelector = podSelectorOf(kind, object);
  const found = useFollowed({ path: pathOf(PODS, namespace), labelSelector }, asObjects<SomePod>());
  const [picked, setPicked] = useState(ALL);
  if (found.phase === "loading") return h(Loading, { what: "its pods" });
  if (found.failure && found.items.length === 0) return h(FailureBox, { failure: found.failure });
  if (found.items.length === 0) return h("p", { class: "quiet" }, "It has no pods now.");
  const names = found.items.map(({ metadata }) => metadata.name ?? "").toSorted();
  // One that has gone is no longer picked.
  const pods = names.includes(picked) ? found.items.filter(({ metadata }) => metadata.name === picked) : found.items;
  const of = names.includes(picked) ? picked : ALL;
  return h(
    Logs,
    { ...view, name, of, pods },
    choice("Pod", of, setPicked, [[ALL, `all ${names.length} pods`], ...names.map((each) => [each, each] as const)]),
  );
}

const TAILS: readonly (readonly [string, string])[] = [
  ["500", "last 500"],
  ["5000", "last 5,000"],
  ["", "all"],
];

interface LogsProps extends Pick<ObjectView, "container" | "showContainer"> {
  readonly name: string;
  /** Which pods are read: one that has a name, or all that there are at the time. */
  readonly of: string;
  readonly pods: readonly SomePod[];
  readonly children?: ComponentChild;
}

function Logs({ name, of, pods, container: asked, showContainer, children }: LogsProps): ComponentChild {
  const { server } = useCluster();
  const attempt = useTry();
  const [follow, setFollow] = useState(true);
  const [previous, setPrevious] = useState(false);
  const [tail, setTail] = useState("500");
  const [timestamps, setTimestamps] = useState(false);
  const [wrap, setWrap] = useState(true);
  const [filter, setFilter] = useState("");
  const [isAtEnd, setAtEnd] = useState(true);
  const [, setRound] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const text = useRef<LogText | undefined>(undefined);
  const reader = useRef<LogReader | undefined>(undefined);

  const containers = new Map(pods.flatMap(containersOf).map((each) => [each.name, each]));
  const [first] = pods;
  const container = containers.has(asked) ? asked : first ? defaultContainer(first) : "";
  const having = pods.filter((pod) => containersOf(pod).some((each) => each.name === container));

  useEffect(() => {
    if (!box.current) return;
    text.current ??= new LogText(box.current, setAtEnd);
    text.current.begin();
    setAtEnd(true);
    const question = { container, follow, previous, ...(tail && { tail: Number(tail) }) };
    const made = new LogReader(server, question, () => setRound((n) => n + 1));
    reader.current = made;
    made.podsAre(having);
    return () => made.close();
  }, [server, of, container, follow, previous, tail]);
  useEffect(() => reader.current?.podsAre(having), [pods, container]);
  useEffect(() => {
    if (reader.current) text.current?.show(reader.current.buffer, { filter, timestamps, names: of === ALL });
  });

  const download = () =>
    attempt(async () => {
      const parts: string[] = [];
      for (const { metadata } of having) {
        const query = queryText({ container, previous, timestamps });
        const log = await server.text(`${pathOf(PODS, metadata.namespace, metadata.name, "log")}${query}`, {
          accept: "*/*",
        });
        parts.push(having.length > 1 ? log.replace(/^(?=.)/gm, `[${metadata.name}] `) : log);
      }
      saveFile(`${name}-${container}.log`, parts.join(""));
      return undefined;
    });

  const leftOut = reader.current?.buffer.leftOut ?? 0;
  return h(
    "section",
    null,
    h(
      "div",
      { class: "bar" },
      children,
      choice(
        "Container",
        container,
        showContainer,
        [...containers.values()].map((each) => [each.name, each.role ? `${each.name} (${each.role})` : each.name]),
      ),
      choice("Lines", tail, setTail, TAILS),
      check("Follow", follow && !previous, setFollow, previous),
      check("Previous", previous, setPrevious),
      check("Timestamps", timestamps, setTimestamps),
      check("Wrap", wrap, setWrap),
      h(
        "label",
        { class: "field" },
        "Filter ",
        h("input", {
          type: "search",
          value: filter,
          placeholder: "text in the line",
          spellcheck: false,
          onInput: (event: Event) => setFilter((event.target as HTMLInputElement).value),
        }),
      ),
      h("span", { class: "gap" }),
      !isAtEnd && h("button", { type: "button", onClick: () => text.current?.toEnd() }, "To the end"),
      h("button", { type: "button", onClick: () => void download() }, "Download"),
    ),
    pods.length > MOST_PODS &&
      h("p", { class: "stale" }, `Only ${MOST_PODS} of ${pods.length} pods are read; pick one to see another.`),
    leftOut > 0 &&
      h(
        "p",
        { class: "quiet" },
        `Only the last ${KEPT_LINES.toLocaleString("en")} lines are kept here; older ones are left out.`,
      ),
    h("div", {
      ref: box,
      class: wrap ? "log" : "log unwrapped",
      role: "log",
      // Too much comes for all of it to be read aloud.
      "aria-live": "off",
      "aria-label": `Log of ${name}`,
      tabIndex: 0,
    }),
    h(
      "ul",
      { class: "plain quiet", role: "status" },
      having.map((pod) =>
        h(State, { key: pod.metadata.uid, pod, container, reader: reader.current, follow, previous }),
      ),
    ),
  );
}

interface StateProps {
  readonly pod: SomePod;
  readonly container: string;
  readonly reader: LogReader | undefined;
  readonly follow: boolean;
  readonly previous: boolean;
}

/** Why nothing more comes, where nothing does. */
function State({ pod, container, reader, follow, previous }: StateProps): ComponentChild {
  const { name = "" } = pod.metadata;
  const { phase, failure } = reader?.states.get(name) ?? {};
  if (failure?.code) return h("li", null, `${name}: ${failure.message}`);
  if (phase === "broken") return h("li", null, `${name}: ${failure?.message}; it is tried again`);
  if (previous || !follow) return null;
  const state = stateText(pod, container);
  return state ? h("li", null, `${name}: ${container} ${state}`) : null;
}
