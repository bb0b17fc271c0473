/** Starts a container in a pod that runs already, to look at it from within, and leads to its terminal. */
import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import { isOneOf } from "../../kind-names.ts";
import { Dialog } from "../../parts/dialog.ts";
import { check, choice } from "../../parts/fields.ts";
import { useCluster, useTry } from "../../parts/hooks.ts";
import { wordsOf } from "../../reckoning/command-words.ts";
import { objectAddress } from "../../route.ts";
import { patchObject } from "../../server/change.ts";
import { containersOf, type SomePod } from "../../server/pods.ts";
import type { Action, ActionDialog } from "../actions.ts";

export const debug: Action = {
  title: "Debug …",
  dialog: DebugDialog,
  appliesTo: (kind, { metadata }) =>
    isOneOf(kind, ["pods"]) &&
    (kind.subresources.get("ephemeralcontainers")?.includes("patch") ?? false) &&
    !metadata.deletionTimestamp,
};

/** Shares no processes with any other. */
const NONE = "";

function DebugDialog({ kind, object, close }: ActionDialog): ComponentChild {
  const { server } = useCluster();
  const attempt = useTry();
  const targets = containersOf(object as SomePod).filter(({ role }) => role !== "ephemeral");
  const [image, setImage] = useState("");
  const [target, setTarget] = useState(targets[0]?.name ?? NONE);
  const [command, setCommand] = useState("");
  const [mayTrace, setMayTrace] = useState(true);
  const run = () =>
    attempt(async () => {
      const name = `debugger-${crypto.randomUUID().slice(0, 5)}`;
      const words = wordsOf(command);
      const container = {
        name,
        image: image.trim(),
        stdin: true,
        tty: true,
        terminationMessagePolicy: "File",
        ...(target && { targetContainerName: target }),
        ...(words.length > 0 && { command: words }),
        ...(mayTrace && { securityContext: { capabilities: { add: ["SYS_PTRACE"] } } }),
      };
      const patch = { spec: { ephemeralContainers: [container] } };
      await patchObject(server, kind, object, { type: "strategic", patch, subresource: "ephemeralcontainers" });
      window.location.hash = objectAddress(kind, object.metadata, { tab: "shell", container: name });
      return undefined;
    });
  const field = (label: string, value: string, placeholder: string, set: (text: string) => void) =>
    h(
      "label",
      { class: "choice" },
      `${label} `,
      h("input", {
        value,
        placeholder,
        autocomplete: "off",
        spellcheck: false,
        onInput: (event: Event) => set((event.target as HTMLInputElement).value),
      }),
    );
  return h(
    Dialog,
    { title: `Debug ${kind.kind} ${object.metadata.name}`, action: "Start", disabled: !image.trim(), run, close },
    h(
      "p",
      null,
      "A container is added to the pod, and its terminal opened. It stays part of the pod, also once it has ended.",
    ),
    field("Image", image, "busybox:1.37", setImage),
    choice("Sees the processes of", target, setTarget, [
      ...targets.map(({ name }) => [name, name] as const),
      [NONE, "none but its own"],
    ]),
    field("Command", command, "that of the image", setCommand),
    check("May trace processes (SYS_PTRACE)", mayTrace, setMayTrace),
  );
}
