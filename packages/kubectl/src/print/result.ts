/** Tells what a verb did to an object: "pod/x created", or the object itself where an output form is asked for. */
import type { JsonObject } from "../json.ts";
import { kindText } from "../resources/mapper.ts";
import type { Info } from "../resources/select.ts";
import { withKind } from "../resources/select.ts";
import type { Session } from "../session.ts";
import { type DryRun, dryRunText } from "../verbs/flags.ts";
import { OBJECT_FORMS, type Printer, printerFor, referenceText } from "./printer.ts";
import { inTypedOrder } from "./typed-order.ts";

interface ResultOptions {
  readonly output: string;
  readonly template?: string;
  readonly "show-managed-fields"?: boolean;
  /** JSON has members as the kind declares them. */
  readonly typed?: boolean;
}

type ResultPrinter = (info: Pick<Info, "resource" | "name">, object: JsonObject, did: string, dryRun?: DryRun) => void;

export async function resultPrinter(session: Session, flags: ResultOptions): Promise<ResultPrinter> {
  const options = {
    template: flags.template ?? "",
    showManagedFields: flags["show-managed-fields"] ?? false,
    ordered: flags.typed ?? false,
  };
  const print: Printer | undefined = await printerFor(flags.output, options, [...OBJECT_FORMS]);
  const whole = (object: JsonObject, resource: Info["resource"]) =>
    flags.typed ? inTypedOrder(withKind(object, resource)) : withKind(object, resource);
  return ({ resource, name }, object, did, dryRun = "none") => {
    if (flags.output === "name") session.line(referenceText(withKind(object, resource)));
    else if (print) session.io.output(print(whole(object, resource)));
    else session.line(`${kindText(resource)}/${name} ${did}${dryRunText(dryRun)}`);
  };
}
