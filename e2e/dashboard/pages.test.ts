/** The pages that every kind has: its table, which goes on by itself, its YAML, which can be changed, and what is created and deleted. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "../cluster.ts";
import { type OpenDashboard, openDashboard, type User, whyNoDashboard } from "./dashboard.ts";

const TWO = `apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: shop
  labels:
    app: web
data:
  colour: green
`;
const DEFINITION = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: boats.example.com
spec:
  group: example.com
  scope: Namespaced
  names: { plural: boats, singular: boat, kind: Boat }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
      additionalPrinterColumns: [{ name: Sails, type: integer, jsonPath: .spec.sails }]
`;

describe("the pages of the dashboard", { skip: whyNoDashboard() }, () => {
  let dashboard: OpenDashboard;
  let user: User;
  const kubectl = (...args: string[]) => dashboard.cluster.kubectl(args);
  before(async () => {
    dashboard = await openDashboard({ nodes: 1 });
    user = await dashboard.open();
  });
  after(() => dashboard?.close());

  it("leads by its own links to tables that go on as the cluster does", async () => {
    await user.clicks("ConfigMaps");
    await user.sees("kube-root-ca.crt");
    kubectl("create", "configmap", "later", "--from-literal=a=1");
    await user.sees("later");
    kubectl("delete", "configmap", "later");
    await user.seesNoMore("later");
  });

  it("creates what is written, and says where a text is wrong before anything is sent", async () => {
    await user.clicks("Create");
    await user.fills("Objects", `${TWO}---\nkind: Nothing\napiVersion: v1\nmetadata: { name: x }\n`);
    await user.clicks("Apply");
    await user.sees("object 3: the server serves no Nothing of v1");
    assert.throws(() => kubectl("get", "namespace", "shop"), /not found/);
    await user.fills("Objects", TWO);
    await user.clicks("Check");
    await user.sees("created (only tried) Namespace shop");
    assert.throws(() => kubectl("get", "namespace", "shop"), /not found/);
  });
  it("applies it", async () => {
    await user.clicks("Apply");
    await eventually("the ConfigMap", () => kubectl("get", "configmaps", "-A").includes("settings"));
    await user.clicks("ConfigMap settings");
    await user.sees("app=web");
  });

  it("shows one namespace, some labels, some words", async () => {
    await user.goes("#/configmaps.v1");
    await user.sees("kube-system");
    await user.chooses("Namespace", "shop");
    await user.seesNoMore("extension-apiserver-authentication");
    await user.sees("settings");
    await user.fills("Filter", "root-ca");
    await user.seesNoMore("settings");
    await user.sees("kube-root-ca.crt");
    await user.goes("#/configmaps.v1?labelSelector=app%3Dweb");
    await user.seesNoMore("kube-root-ca.crt");
    await user.sees("settings");
    await user.goes("#/configmaps.v1?labelSelector=%3D%3D");
    await user.sees("found '==', expected");
  });

  it("changes an object by its YAML, and not what somebody else has changed meanwhile", async () => {
    await user.goes("#/configmaps.v1/shop/settings?tab=yaml");
    await user.sees("colour: green");
    await user.clicks("Edit");
    const yaml = kubectl("get", "configmap", "settings", "-n", "shop", "-o", "yaml");
    await user.fills("YAML", yaml.replace("green", "blue"));
    await user.clicks("Save");
    await user.sees("ConfigMap settings is saved");
    assert.match(kubectl("get", "configmap", "settings", "-n", "shop", "-o", "yaml"), /colour: blue/);
    await user.sees("colour: blue");
    await user.clicks("Edit");
    kubectl("patch", "configmap", "settings", "-n", "shop", "--type=merge", "-p", '{"data":{"colour":"red"}}');
    await user.clicks("Save");
    await user.sees("the object has been modified");
    await user.clicks("Cancel");
    await user.sees("colour: red");
  });

  it("refuses what the server refuses, in its words", async () => {
    await user.clicks("Edit");
    const yaml = kubectl("get", "configmap", "settings", "-n", "shop", "-o", "yaml");
    await user.fills("YAML", `${yaml}nonsense: 1\n`);
    await user.clicks("Check");
    await user.sees('unknown field "nonsense"');
    await user.clicks("Cancel");
  });

  it("shows text of the cluster as text, whatever it says", async () => {
    const text = "<img src=x onerror=document.title='taken'>";
    kubectl("annotate", "configmap", "settings", "-n", "shop", `note=${text}`);
    await user.goes("#/configmaps.v1/shop/settings");
    await user.sees(`note: ${text}`);
    assert.deepEqual(await user.page.evaluate("[document.images.length, document.title]"), [0, "Kubets"]);
  });

  it("deletes what was chosen once that was confirmed", async () => {
    kubectl("create", "configmap", "one", "-n", "shop");
    kubectl("create", "configmap", "two", "-n", "shop");
    await user.goes("#/configmaps.v1?namespace=shop");
    await user.clicks("Select one");
    await user.clicks("Select two");
    await user.clicks("Delete 2");
    await user.clicks("Delete");
    await user.sees("2 objects are being deleted");
    await eventually("both gone", () => !/\b(one|two)\b/.test(kubectl("get", "configmaps", "-n", "shop")));
    await user.sees("settings");
  });

  it("shows kinds that are defined while it is open, with their own columns", async () => {
    dashboard.cluster.kubectl(["apply", "-f", "-"], { input: DEFINITION });
    kubectl("wait", "--for=condition=Established", "crd/boats.example.com");
    const boat =
      "apiVersion: example.com/v1\nkind: Boat\nmetadata: { name: swan, namespace: shop }\nspec: { sails: 3 }\n";
    dashboard.cluster.kubectl(["apply", "-f", "-"], { input: boat });
    await user.clicks("example.com");
    await user.clicks("Boats");
    await user.sees(/Sails[\s\S]*swan\s+3/);
  });

  it("lets nobody in without the key", async () => {
    await user.page.evaluate("localStorage.setItem('key', 'wrong')");
    await user.page.evaluate("location.reload()");
    await user.sees("This page needs the key of the run that serves it");
  });
});
