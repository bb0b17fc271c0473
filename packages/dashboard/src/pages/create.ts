/** Takes YAML of any number of objects, and applies them one after the other; says of each how it went. */
import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import { Editor } from "../parts/editor.ts";
import { useCluster } from "../parts/hooks.ts";
import { objectAddress } from "../route.ts";
import { type Applied, applyText } from "../server/apply.ts";
import { asFailure } from "../server/failure.ts";

export function CreatePage({ namespace }: { readonly namespace: string }): ComponentChild {
  const { server, kinds } = useCluster();
  const [text, setText] = useState("");
  const [done, setDone] = useState<readonly Applied[]>([]);
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const within = namespace || "default";

  const run = async (dryRun: boolean) => {
    setBusy(true);
    setProblem("");
    setDone([]);
    try {
      for await (const applied of applyText(server, kinds, text, { namespace: within, dryRun }))
        setDone((before) => [...before, applied]);
    } catch (error) {
      setProblem(asFailure(error).message);
    }
    setBusy(false);
  };

  return h(
    "article",
    null,
    h("header", { class: "bar" }, h("h1", null, "Create")),
    h(
      "p",
      { class: "quiet" },
      `YAML or JSON of one object or of several, with --- between them. What names no namespace goes to ${within}. What there is already is changed to what is said here.`,
    ),
    h(Editor, { text, label: "Objects", placeholder: EXAMPLE, onText: setText }),
    h(
      "div",
      { class: "bar" },
      h(
        "button",
        { type: "button", class: "main", disabled: isBusy || !text.trim(), onClick: () => void run(false) },
        "Apply",
      ),
      h("button", { type: "button", disabled: isBusy || !text.trim(), onClick: () => void run(true) }, "Check"),
    ),
    h(
      "ul",
      { class: "plain", "aria-live": "polite" },
      done.map(({ kind, metadata, isNew, dryRun }, i) =>
        h(
          "li",
          { key: i },
          h("span", { class: "good" }, isNew ? "created" : "changed"),
          dryRun ? " (only tried) " : " ",
          h("a", { href: objectAddress(kind, metadata) }, `${kind.kind} ${metadata.name}`),
        ),
      ),
    ),
    problem && h("div", { class: "box bad", role: "alert" }, h("p", null, problem)),
  );
}

const EXAMPLE = `apiVersion: v1
kind: ConfigMap
metadata:
  name: example
data:
  key: value`;
