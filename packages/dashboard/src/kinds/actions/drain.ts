/** Empties a node, once it is said what becomes of its pods, and shows how far that is. */
import { type ComponentChild, h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { isOneOf } from "../../kind-names.ts";
import { Dialog } from "../../parts/dialog.ts";
import { useCluster, useFollowed, useTry } from "../../parts/hooks.ts";
import { FailureBox, Loading } from "../../parts/messages.ts";
import { asObjects } from "../../server/forms.ts";
import type { Action, ActionDialog } from "../actions.ts";
import { drainPlan, type NodePod } from "./drain-plan.ts";
import { drainNode, podsOn, refusalOf } from "./drain-run.ts";

export const drain: Action = {
  title: "Drain …",
  dialog: DrainDialog,
  appliesTo: (kind) => isOneOf(kind, ["nodes"]),
};

function DrainDialog({ kind, object, close }: ActionDialog): ComponentChild {
  const { server, say } = useCluster();
  const attempt = useTry();
  const { name = "" } = object.metadata;
  const found = useFollowed(podsOn(name), asObjects<NodePod>());
  const [alone, setAlone] = useState(false);
  const [withData, setWithData] = useState(false);
  const [states, setStates] = useState<ReadonlyMap<string, string>>();
  /** Names stay when their pods have gone. */
  const names = useRef(new Map<string, string>());
  const stop = useRef<AbortController | undefined>(undefined);
  useEffect(
    () => () => {
      if (!stop.current) return;
      stop.current.abort();
      say(`Draining ${name} was stopped; it stays cordoned`);
    },
    [],
  );
  for (const { metadata } of found.items)
    names.current.set(metadata.uid ?? "", `${metadata.namespace}/${metadata.name}`);

  const plan = drainPlan(found.items);
  const agreed = { alone, withData };
  const run = async () => {
    const asked = new AbortController();
    stop.current = asked;
    setStates(new Map());
    const tell = (uid: string, state: string) => setStates((before) => new Map(before).set(uid, state));
    const isDone = await attempt(async () => {
      try {
        const gone = await drainNode({ server, kind, node: object, agreed, signal: asked.signal, tell });
        return `Node ${name} is drained; pods that went: ${gone}`;
      } catch (error) {
        if (asked.signal.aborted) return undefined;
        // What was not begun yet is not begun any more.
        asked.abort();
        throw error;
      } finally {
        stop.current = undefined;
      }
    });
    return isDone && !asked.signal.aborted;
  };

  return h(
    Dialog,
    {
      title: `Drain Node ${name}`,
      action: "Drain",
      danger: true,
      disabled: found.phase !== "live" || refusalOf(plan, agreed) !== undefined,
      run,
      close,
    },
    found.phase === "loading" && h(Loading, { what: "its pods" }),
    found.failure && h(FailureBox, { failure: found.failure }),
    states
      ? h(
          "ul",
          { class: "plain", "aria-live": "polite" },
          [...states].map(([uid, state]) => h("li", { key: uid }, `${names.current.get(uid) ?? uid} ${state}`)),
        )
      : found.phase === "live" && [
          h("p", { key: "going" }, `It gets no new pods. Pods that go: ${plan.going.length}.`),
          plan.ofDaemonSets.length > 0 &&
            h("p", { key: "daemons" }, `Pods of daemon sets, which stay: ${plan.ofDaemonSets.length}.`),
          plan.alone.length > 0 && consent("alone", alone, setAlone, plan.alone, "nothing makes again"),
          plan.withData.length > 0 &&
            consent("data", withData, setWithData, plan.withData, "lose what they keep in emptyDir volumes"),
        ],
  );
}

const consent = (
  key: string,
  checked: boolean,
  set: (agreed: boolean) => void,
  pods: readonly NodePod[],
  what: string,
): ComponentChild =>
  h(
    "p",
    { key },
    h(
      "label",
      null,
      h("input", { type: "checkbox", checked, onChange: () => set(!checked) }),
      ` Also pods that ${what}: ${pods.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(", ")}`,
    ),
  );
