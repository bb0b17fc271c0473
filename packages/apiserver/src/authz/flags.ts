/** The flags of authorization: who decides, in which order, and where policies and webhooks are described. */
import { duration, file, list, text } from "@kubets/machinery/flags";

const group = "Authorization";

export const authorizationFlags = {
  "authorization-mode": list({
    default: ["AlwaysAllow"],
    help: "Who decides, in order: Node, RBAC, ABAC, Webhook, AlwaysAllow, AlwaysDeny.",
    group,
  }),
  "authorization-config": file({
    help: "Who decides, as a file of kind AuthorizationConfiguration, taken up again when it changes.",
    group,
  }),
  "authorization-policy-file": file({ help: "The policies of mode ABAC, one a line.", group }),
  "authorization-webhook-config-file": file({ help: "A kubeconfig for the server that mode Webhook asks.", group }),
  "authorization-webhook-version": text({
    default: "v1beta1",
    help: "The version of SubjectAccessReview to send.",
    group,
  }),
  "authorization-webhook-cache-authorized-ttl": duration({ default: 300_000, help: "How long its yes holds.", group }),
  "authorization-webhook-cache-unauthorized-ttl": duration({ default: 30_000, help: "How long its no holds.", group }),
} as const;
