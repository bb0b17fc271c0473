/** What stands where there is nothing to show: not yet, or not at all. */
import { type ComponentChild, h } from "preact";
import type { Failure } from "../server/failure.ts";

export const Loading = ({ what }: { readonly what: string }): ComponentChild =>
  h("p", { class: "quiet", "aria-busy": "true" }, `Reading ${what} …`);

export const FailureBox = ({ failure, retry }: { readonly failure: Failure; retry?: () => void }): ComponentChild =>
  h(
    "div",
    { class: "box bad", role: "alert" },
    h("p", null, failure.message),
    retry && h("button", { type: "button", onClick: retry }, "Try again"),
  );

/** Says that what is shown is no longer kept up to date. */
export const Stale = ({ failure }: { readonly failure: Failure | undefined }): ComponentChild =>
  h("p", { class: "stale", role: "status" }, failure ? `Not up to date: ${failure.message}` : "Connecting again …");
