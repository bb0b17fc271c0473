/** Decides about requests for certificates. */
import { isOneOf } from "../../kind-names.ts";
import { AS_DASHBOARD } from "../../server/change.ts";
import { type Kind, pathOf } from "../../server/kinds.ts";
import type { KubeObject } from "../../server/object.ts";
import type { Action } from "../actions.ts";
import { asking } from "./question.ts";

interface Request extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string }[] };
}

const isOpen = (kind: Kind, object: KubeObject): boolean =>
  isOneOf(kind, ["certificatesigningrequests.certificates.k8s.io"]) &&
  !(object as Request).status?.conditions?.some(({ type }) => ["Approved", "Denied"].includes(type));

/** The request with the decision. */
export function decided(object: KubeObject, type: "Approved" | "Denied", at: number): Request {
  const { status } = object as Request;
  const condition = {
    type,
    status: "True",
    reason: type === "Approved" ? "DashboardApprove" : "DashboardDeny",
    message: `This CSR was ${type.toLowerCase()} in the dashboard.`,
    lastUpdateTime: `${new Date(at).toISOString().slice(0, 19)}Z`,
  };
  return { ...object, status: { ...status, conditions: [...(status?.conditions ?? []), condition] } };
}

const decision = (title: string, type: "Approved" | "Denied", text: string): Action =>
  asking({
    title,
    text,
    danger: type === "Denied",
    appliesTo: isOpen,
    send: (server, kind, object) =>
      server.text(`${pathOf(kind, "", object.metadata.name, "approval")}${AS_DASHBOARD}`, {
        method: "PUT",
        body: JSON.stringify(decided(object, type, Date.now())),
      }),
    done: `is ${type.toLowerCase()}`,
  });

export const approve = decision("Approve", "Approved", "Its signer makes the certificate. This cannot be taken back.");
export const deny = decision("Deny", "Denied", "It gets no certificate. This cannot be taken back.");
