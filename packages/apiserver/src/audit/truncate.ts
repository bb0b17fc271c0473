/** Keeps events below a size: the objects of one that is too large are left out and it says so; one that is too large even so is dropped. */
import type { AuditEvent } from "./event.ts";

const MARK = "audit.k8s.io/truncated";

export function truncated(event: AuditEvent, maxBytes: number): AuditEvent | undefined {
  if (sizeOf(event) <= maxBytes) return event;
  const { requestObject: _request, responseObject: _response, ...rest } = event;
  const small = { ...rest, annotations: { ...event.annotations, [MARK]: "true" } };
  return sizeOf(small) <= maxBytes ? small : undefined;
}

const sizeOf = (event: AuditEvent): number => Buffer.byteLength(JSON.stringify(event));
