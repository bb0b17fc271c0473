/** Shows the flags that every verb takes. */
import { helpText } from "@kubets/machinery/help-text";
import { globalFlags } from "../global-flags.ts";
import { defineVerb } from "../verb.ts";

export const options = defineVerb({
  name: "options",
  summary: "Show the flags that every verb takes",
  hidden: true,
  run: (session) =>
    session.io.output(
      helpText({ usage: "kubectl VERB [flags]", summary: "Every verb takes these flags:", flags: globalFlags }),
    ),
});
