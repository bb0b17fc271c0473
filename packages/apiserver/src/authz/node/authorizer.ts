/**
 * What kubelets may do (mode Node): read what the pods that were bound to their node use, and keep their own objects. What it lets through is
 * narrowed further by the NodeRestriction plugin, which sees the objects.
 */
import { clusterRoles } from "@kubets/api/bootstrap/index";
import {
  persistentvolumeclaims,
  persistentvolumes,
  podcertificaterequests,
  volumeattachments,
} from "@kubets/api/generated/refs";
import type { PersistentVolume } from "@kubets/api/generated/types/core-v1";
import type { PolicyRule } from "@kubets/api/generated/types/rbac-v1";
import type { ClusterView } from "../../admission/plugin.ts";
import { nodeOf } from "../../authn/node-identity.ts";
import { type AccessAttributes, ALLOW, type Authorizer, type Decision, NO_OPINION } from "../authorizer.ts";
import { compileRules } from "../rbac/rule.ts";
import type { NodeReferences } from "./node-references.ts";

const LEASES = "kube-node-lease";
const OWN_VERBS = new Set(["get", "create", "update", "patch", "delete"]);
const READS = new Set(["get", "list", "watch"]);
const MANY = new Set(["list", "watch", "deletecollection"]);

const no = (why: string): Decision => ({ verdict: "noOpinion", why });

type Rule = (attributes: AccessAttributes, node: string) => Decision;

export function nodeAuthorizer(references: NodeReferences, view: ClusterView): Authorizer {
  const role = clusterRoles.find(({ metadata }) => metadata?.name === "system:node");
  const common = compileRules((role?.rules ?? []) as readonly PolicyRule[]);
  const relations = new Relations(references, view);
  const related = (attributes: AccessAttributes, node: string): Decision => {
    if (!attributes.name) return no("No Object name found");
    return relations.exists(node, attributes)
      ? ALLOW
      : no(`no relationship found between node '${node}' and this object`);
  };
  const rules = rulesFor(related);
  return {
    name: "Node",
    unlistable: "node authorizer does not support user rule resolution",
    authorize(attributes) {
      const node = nodeOf(attributes.user);
      if (node === undefined) return NO_OPINION;
      if (node === "") return no(`unknown node for user ${JSON.stringify(attributes.user.name)}`);
      const { group, resource } = attributes;
      const rule = attributes.isResource ? rules[group ? `${resource}.${group}` : resource] : undefined;
      if (rule) return rule(attributes, node);
      return common(attributes) ? ALLOW : NO_OPINION;
    },
  };
}

function rulesFor(related: Rule): Readonly<Record<string, Rule>> {
  const readNamespaced: Rule = (a, node) => {
    if (!READS.has(a.verb)) return no("can only read resources of this type");
    if (a.subresource) return no("cannot read subresource");
    return a.namespace ? related(a, node) : no("can only read namespaced object of this type");
  };
  const getOne: Rule = (a, node) => {
    if (a.verb !== "get") return no("can only get individual resources of this type");
    return a.subresource ? no("cannot get subresource") : related(a, node);
  };
  return {
    secrets: readNamespaced,
    configmaps: readNamespaced,
    persistentvolumes: getOne,
    "resourceclaims.resource.k8s.io": getOne,
    "volumeattachments.storage.k8s.io": getOne,
    persistentvolumeclaims: (a, node) => {
      if (a.subresource !== "status") return getOne(a, node);
      return a.verb === "get" || a.verb === "update" || a.verb === "patch"
        ? related(a, node)
        : no("can only get/update/patch this type");
    },
    serviceaccounts: (a, node) => {
      if (a.verb === "get" && !a.subresource) return readNamespaced(a, node);
      if (a.verb !== "create" || !a.name) return no("can only create tokens for individual service accounts");
      return a.subresource === "token" ? related(a, node) : no("can only create token subresource of serviceaccount");
    },
    "leases.coordination.k8s.io": (a, node) => {
      if (!OWN_VERBS.has(a.verb)) return no("can only get, create, update, patch, or delete a node lease");
      if (a.namespace !== LEASES) return no(`can only access leases in the ${JSON.stringify(LEASES)} system namespace`);
      return ownOrNew(a, node, "can only access node lease with the same name as the requesting node");
    },
    "csinodes.storage.k8s.io": (a, node) => {
      if (!OWN_VERBS.has(a.verb)) return no("can only get, create, update, patch, or delete a CSINode");
      if (a.subresource) return no("cannot authorize CSINode subresources");
      return ownOrNew(a, node, "can only access CSINode with the same name as the requesting node");
    },
    "resourceslices.resource.k8s.io": (a, node) => {
      if (a.subresource) return no("cannot authorize ResourceSlice subresources");
      if (OWN_VERBS.has(a.verb)) return ALLOW;
      if (MANY.has(a.verb) && selects(a, "spec.nodeName", node)) return ALLOW;
      return no("can only list/watch/deletecollection resourceslices with nodeName field selector");
    },
    "podcertificaterequests.certificates.k8s.io": (a, node) => {
      if (a.subresource) return no("cannot authorize PodCertificateRequest subresources");
      if (a.verb === "create") return ALLOW;
      if (a.verb === "get") return related(a, node);
      if (a.verb !== "list" && a.verb !== "watch")
        return no("can only create, get, list, and watch PodCertificateRequests");
      return selects(a, "spec.nodeName", node)
        ? ALLOW
        : no("can only list/watch podcertificaterequests with nodeName field selector");
    },
    "clustertrustbundles.certificates.k8s.io": ({ verb }) =>
      READS.has(verb) ? ALLOW : no("can only read resources of this type"),
    nodes: nodeRule,
    pods: (a, node) => podRule(a, node, related),
  };
}

/** The name of what is made is not known here; NodeRestriction sees it. */
const ownOrNew = ({ verb, name }: AccessAttributes, node: string, why: string): Decision =>
  verb === "create" || name === node ? ALLOW : no(why);

function nodeRule({ verb, name, subresource }: AccessAttributes, node: string): Decision {
  if (subresource === "status") return verb === "get" || verb === "update" || verb === "patch" ? ALLOW : NO_OPINION;
  if (subresource) return NO_OPINION;
  if (verb === "create" || verb === "update" || verb === "patch") return ALLOW;
  if (!READS.has(verb)) return NO_OPINION;
  if (name === node) return ALLOW;
  return no(`node '${node}' cannot read ${name ? `'${name}'` : "all nodes"}, only its own Node object`);
}

function podRule(a: AccessAttributes, node: string, related: Rule): Decision {
  switch (a.subresource) {
    case "":
      if (a.verb === "get") return related(a, node);
      if (a.verb === "create" || a.verb === "delete") return ALLOW;
      if (a.verb !== "list" && a.verb !== "watch") return NO_OPINION;
      return selects(a, "spec.nodeName", node)
        ? ALLOW
        : no("can only list/watch pods with spec.nodeName field selector");
    case "status":
      return a.verb === "get" ? related(a, node) : a.verb === "update" || a.verb === "patch" ? ALLOW : NO_OPINION;
    case "eviction":
      return a.verb === "create" ? ALLOW : NO_OPINION;
    default:
      return NO_OPINION;
  }
}

/** Whether the request can only concern objects with this value in the field. */
const selects = ({ fieldSelector }: AccessAttributes, field: string, value: string): boolean =>
  (fieldSelector ?? "").split(",").some((part) => part === `${field}=${value}` || part === `${field}==${value}`);

/** Ways from a node to an object: over its pods, and from their claims on to volumes and what those need. */
class Relations {
  readonly #references: NodeReferences;
  readonly #view: ClusterView;

  constructor(references: NodeReferences, view: ClusterView) {
    this.#references = references;
    this.#view = view;
  }

  exists(node: string, { resource, namespace, name }: AccessAttributes): boolean {
    if (resource === volumeattachments.resource)
      return this.#view.get(volumeattachments, "", name)?.spec.nodeName === node;
    if (resource === podcertificaterequests.resource)
      return this.#view.get(podcertificaterequests, namespace, name)?.spec.nodeName === node;
    if (resource === persistentvolumes.resource)
      return this.#volumeIsUsed(node, this.#view.get(persistentvolumes, "", name));
    if (this.#references.uses(node, resource, namespace, name)) return true;
    return resource === "secrets" && this.#volumesOf(node).some((volume) => needsSecret(volume, namespace, name));
  }

  #volumeIsUsed(node: string, volume: PersistentVolume | undefined): boolean {
    const { namespace = "", name = "" } = volume?.spec.claimRef ?? {};
    return this.#references.uses(node, persistentvolumeclaims.resource, namespace, name);
  }

  #volumesOf(node: string): PersistentVolume[] {
    return this.#references.claimsOf(node).flatMap((key) => {
      const [namespace = "", name = ""] = key.split("/");
      const volume = this.#view.get(persistentvolumeclaims, namespace, name)?.spec.volumeName;
      return volume ? (this.#view.get(persistentvolumes, "", volume) ?? []) : [];
    });
  }
}

/** The secrets by which a volume is mounted; those without a namespace are in that of its claim. */
function needsSecret({ spec }: PersistentVolume, namespace: string, name: string): boolean {
  const own = spec.claimRef?.namespace;
  const { csi } = spec;
  const named = [
    csi?.nodePublishSecretRef,
    csi?.nodeStageSecretRef,
    csi?.nodeExpandSecretRef,
    csi?.controllerPublishSecretRef,
    spec.cephfs?.secretRef,
    spec.rbd?.secretRef,
    spec.flexVolume?.secretRef,
    spec.iscsi?.secretRef,
    spec.scaleIO?.secretRef,
    spec.azureFile && { name: spec.azureFile.secretName, namespace: spec.azureFile.secretNamespace },
  ];
  return named.some((it) => it?.name === name && (it.namespace || own) === namespace);
}
