/** Asks for a token of a service account, and prints it. */
import { duration, list, text } from "@kubets/machinery/flags";
import { UsageError } from "../errors.ts";
import { textAt } from "../json.ts";
import { printerFor } from "../print/printer.ts";
import { inTypedOrder } from "../print/typed-order.ts";
import { pathOf } from "../resources/mapper.ts";
import { defineVerb } from "../verb.ts";
import { outputFlags } from "../verbs/flags.ts";

export const token = defineVerb({
  name: "token",
  summary: "Ask for a token of a service account",
  usage: "SERVICE_ACCOUNT_NAME [flags]",
  flags: {
    audience: list({ help: "Whom the token is for.", split: false }),
    duration: duration({ help: "How long it should hold." }),
    "bound-object-kind": text({ help: "Bind the token to an object: Pod, Secret, Node." }),
    "bound-object-name": text({ help: "The name of that object." }),
    "bound-object-uid": text({ help: "The UID of that object." }),
    ...outputFlags,
  },
  async run(session, { flags, args }) {
    const [name, ...more] = args;
    if (!name || more.length > 0) throw new UsageError("exactly one NAME is required");
    const kind = flags["bound-object-kind"];
    const bound = kind && {
      kind,
      apiVersion: "v1",
      name: flags["bound-object-name"],
      ...(flags["bound-object-uid"] && { uid: flags["bound-object-uid"] }),
    };
    const print = await printerFor(flags.output, { template: flags.template, ordered: true });
    const api = await session.api();
    const resource = (await api.mapper()).resource("serviceaccounts");
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: {},
      spec: {
        audiences: [...flags.audience],
        ...(flags.duration > 0 && { expirationSeconds: Math.round(flags.duration / 1000) }),
        ...(bound && { boundObjectRef: bound }),
      },
    };
    const answer = await api.rest
      .call("POST", pathOf(resource, api.namespace, name, "token"), { body })
      .catch((error: unknown) => {
        throw new UsageError(`failed to create token: ${(error as Error).message}`, { cause: error });
      });
    if (print) session.io.output(print(inTypedOrder(answer)));
    else session.line(textAt(answer, "status", "token"));
  },
});
