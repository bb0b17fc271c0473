/**
 * Who may write what into the status of a resource claim (gate DRAResourceClaimGranularStatusAuthorization), and where devices may be asked for as an
 * administrator.
 *
 * Without it each driver's account, which may write the status of claims, could give itself devices, tell of those of other drivers or of other nodes,
 * and whoever may make claims could get at devices that others use. Texts and verbs are the original's.
 */
import { namespaces } from "@kubets/api/generated/refs";
import type { AllocationResult, ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import type { KubeObject } from "@kubets/api/meta";
import { shareOf, sharesOf } from "@kubets/api/resource/claim-status";
import { type FieldError, forbiddenField } from "@kubets/machinery";
import { deepEqual } from "@kubets/machinery/deep-equal";
import type { ApiCall } from "../api-call.ts";
import { attributesOf } from "../authz/attributes.ts";
import { isAllowed, refusal } from "../authz/refusal.ts";

const GROUP = "resource.k8s.io";
const ADMIN_LABEL = "resource.kubernetes.io/admin-access";
const ADMIN_ONLY = `admin access to devices requires the \`${ADMIN_LABEL}: true\` label on the containing namespace`;
const NODE_OF_CALLER = "authentication.kubernetes.io/node-name";
const ACCOUNT = /^system:serviceaccount:[^:]+:[^:]+$/;

type Status = ResourceClaim["status"];

/** Undefined where nothing has to be asked. */
export function newClaimErrors(call: ApiCall, object: KubeObject): FieldError[] | undefined {
  if (call.info.group !== GROUP || hasAdmins(call)) return undefined;
  const { resource } = call.info;
  if (resource !== "resourceclaims" && resource !== "resourceclaimtemplates") return undefined;
  const { spec } = object as unknown as { spec: ClaimSpec & { spec?: ClaimSpec } };
  const [claim, field] = resource === "resourceclaims" ? [spec, "spec"] : [spec.spec, "spec.spec"];
  return (claim?.devices?.requests ?? []).flatMap((request, i) => {
    // Before v1 a request said at once what it now says under `exactly`.
    const [asked, at] = request.exactly ? [request.exactly, ".exactly"] : [request, ""];
    return asked.adminAccess ? [forbiddenField(`${field}.devices.requests[${i}]${at}.adminAccess`, ADMIN_ONLY)] : [];
  });
}

interface ClaimSpec {
  readonly devices?: { readonly requests?: readonly (Asked & { readonly exactly?: Asked })[] };
}
interface Asked {
  readonly adminAccess?: boolean;
}

/** Undefined where nothing has to be asked. */
export function claimStatusErrors(
  call: ApiCall,
  object: KubeObject,
  old: KubeObject,
): Promise<FieldError[]> | undefined {
  const { group, resource, subresource } = call.info;
  if (group !== GROUP || resource !== "resourceclaims" || subresource !== "status") return undefined;
  return statusErrors(call, (object as ResourceClaim).status ?? {}, (old as ResourceClaim).status ?? {});
}

async function statusErrors(call: ApiCall, status: Status, old: Status): Promise<FieldError[]> {
  const errors: FieldError[] = [];
  const results = old.allocation ? [] : (status.allocation?.devices?.results ?? []);
  const admin = hasAdmins(call) ? -1 : results.findIndex(({ adminAccess }) => adminAccess);
  if (admin >= 0) errors.push(forbiddenField(`status.allocation.devices.results[${admin}].adminAccess`, ADMIN_ONLY));
  if (!call.server.options.featureEnabled("DRAResourceClaimGranularStatusAuthorization")) return errors;
  const { verb } = call.info;
  if (!deepEqual(status.allocation, old.allocation) || !deepEqual(status.reservedFor, old.reservedFor)) {
    // A right of the whole cluster: who binds claims binds those of every namespace.
    const why = await whyNot(call, { verb, subresource: "binding", namespace: "", name: "" });
    if (why)
      errors.push(
        forbiddenField(
          "status",
          `changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="${verb}" permission: ${why}`,
        ),
      );
  }
  const near = isOfNode(call, status.allocation);
  const verbs = [...(near ? [`associated-node:${verb}`] : []), `arbitrary-node:${verb}`];
  for (const driver of changedDrivers(status, old)) {
    const why = await whyNoneOf(call, verbs, driver);
    if (why)
      errors.push(
        forbiddenField(
          "status.devices",
          `changing status.devices requires resource="resourceclaims/driver", verb="[${verbs.join(" ")}]" permission: ${why}`,
        ),
      );
  }
  return errors;
}

const hasAdmins = ({ server, info }: ApiCall): boolean =>
  server.view.get(namespaces, "", info.namespace)?.metadata.labels?.[ADMIN_LABEL] === "true";

type Asking = Pick<ReturnType<typeof attributesOf>, "verb" | "subresource" | "namespace" | "name">;

async function whyNot({ server, info, user, exchange }: ApiCall, asking: Asking): Promise<string | undefined> {
  const attributes = { ...attributesOf(info, user, exchange), ...asking };
  const decision = await server.authorizers.authorize(attributes);
  return isAllowed(decision) ? undefined : refusal(attributes, decision.why).message;
}

async function whyNoneOf(call: ApiCall, verbs: readonly string[], driver: string): Promise<string | undefined> {
  let first: string | undefined;
  for (const verb of verbs) {
    const why = await whyNot(call, { verb, subresource: "driver", namespace: call.info.namespace, name: driver });
    if (!why) return undefined;
    first ??= why;
  }
  return first;
}

/** A service account whose token says that its pod is on the node that the claim was allocated for. */
function isOfNode({ user }: ApiCall, allocation: AllocationResult | undefined): boolean {
  const [term, ...terms] = allocation?.nodeSelector?.nodeSelectorTerms ?? [];
  const [field, ...fields] = term?.matchFields ?? [];
  if (!term || !field || terms.length || fields.length || term.matchExpressions?.length) return false;
  const [node, ...others] = user.extra?.[NODE_OF_CALLER] ?? [];
  const isOnIt = field.key === "metadata.name" && field.operator === "In" && deepEqual(field.values, [node]);
  return isOnIt && node !== undefined && others.length === 0 && ACCOUNT.test(user.name);
}

/** Those of which something is told that was not, or no longer is; what is told of devices goes with their allocation, by nobody's right. */
function changedDrivers({ devices = [], allocation }: Status, { devices: before = [] }: Status): string[] {
  const known = new Map(before.map((each) => [shareOf(each), each]));
  const changed = new Set<string>();
  for (const each of devices) {
    if (!deepEqual(known.get(shareOf(each)), each)) changed.add(each.driver);
    known.delete(shareOf(each));
  }
  const held = sharesOf(allocation);
  for (const [share, { driver }] of known) if (held.has(share)) changed.add(driver);
  return [...changed].sort();
}
