/** Has a cron job make a job at once. */
import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import { isOneOf, JOBS } from "../../kind-names.ts";
import { Dialog } from "../../parts/dialog.ts";
import { useCluster, useTry } from "../../parts/hooks.ts";
import { objectAddress } from "../../route.ts";
import { AS_DASHBOARD } from "../../server/change.ts";
import { pathOf } from "../../server/kinds.ts";
import type { Action, ActionDialog } from "../actions.ts";
import { manualJob, nameForJob } from "./manual-job.ts";

export const runNow: Action = {
  title: "Run now …",
  dialog: RunDialog,
  appliesTo: (kind) => isOneOf(kind, ["cronjobs.batch"]),
};

function RunDialog({ object, close }: ActionDialog): ComponentChild {
  const { server } = useCluster();
  const attempt = useTry();
  const { namespace } = object.metadata;
  const [name, setName] = useState(() => nameForJob(object, Date.now().toString(36).slice(-5)));
  const run = () =>
    attempt(async () => {
      const body = JSON.stringify(manualJob(object, name));
      await server.text(`${pathOf(JOBS, namespace)}${AS_DASHBOARD}`, { method: "POST", body });
      window.location.hash = objectAddress(JOBS, { namespace, name });
      return `Job ${name} is made`;
    });
  return h(
    Dialog,
    { title: `Run CronJob ${object.metadata.name} now`, action: "Run", disabled: name === "", run, close },
    h(
      "label",
      null,
      "Name of the job ",
      h("input", {
        value: name,
        required: true,
        size: 40,
        autocomplete: "off",
        spellcheck: false,
        onInput: (event: Event) => setName((event.target as HTMLInputElement).value.trim()),
      }),
    ),
  );
}
