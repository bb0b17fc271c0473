/** How long expressions have worked for a request without a break: after a while others get their turn. */
import { myTurn } from "@kubets/machinery/turns";
import type { AdmissionRequest } from "../plugin.ts";

const LONGEST_MS = 3;
const began = new WeakMap<AdmissionRequest, number>();

/** Called between expressions. */
export function breakIfDue(request: AdmissionRequest): Promise<void> | undefined {
  const now = performance.now();
  const since = began.get(request);
  if (since === undefined) began.set(request, now);
  if (since === undefined || now - since < LONGEST_MS) return undefined;
  return myTurn().then(() => void began.set(request, performance.now()));
}
