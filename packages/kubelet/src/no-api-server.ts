/**
 * Instead of an API server, for a kubelet that runs by its manifests alone: nothing is ever found there, and whoever watches hears nothing. What would be
 * told there as events is logged.
 */
import type { Client } from "@kubets/client/client";
import type { EventRecorder } from "@kubets/client/event-recorder";
import { createClient } from "@kubets/client/typed-client";
import { type Logger, StatusError } from "@kubets/machinery";

export const noApiServer: Client = createClient({
  request: () =>
    Promise.reject(
      new StatusError({ code: 404, reason: "NotFound", message: "this kubelet runs without an API server" }),
    ),
  watch: () => new Promise(() => {}),
  close() {},
});

export function loggedEvents(log: Logger): EventRecorder {
  const recorder: EventRecorder = {
    event(about, type, reason, message) {
      const { name, namespace } = "metadata" in about ? about.metadata : about;
      log.info("event", { kind: about.kind, name, ...(namespace && { namespace }), type, reason, message });
    },
    as: () => recorder,
  };
  return recorder;
}
