/** A custom resource as people use it: unmodified kubectl and `@kubernetes/client-node`, from the definition to its end. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CustomObjectsApi, KubeConfig, type KubernetesObject, makeInformer } from "@kubernetes/client-node";
import { startServer, type TestServer } from "../kubectl/server.ts";
import { printing, program, type Run } from "./program.ts";

const DEFINITION = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.harbour.example}
spec:
  group: harbour.example
  scope: Namespaced
  names: {plural: boats, kind: Boat, shortNames: [bt], categories: [fleet]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.crew, statusReplicasPath: .status.crew, labelSelectorPath: .status.selector}
    additionalPrinterColumns:
    - {name: Crew, type: integer, jsonPath: .spec.crew}
    - {name: Sails, type: string, jsonPath: ".spec.sails[*].colour", priority: 1}
    selectableFields: [{jsonPath: .spec.port}]
    schema:
      openAPIV3Schema:
        description: A boat of the harbour.
        type: object
        properties:
          spec:
            type: object
            x-kubernetes-validations:
            - {rule: "!has(self.crew) || self.crew > 0", message: a boat needs a crew}
            properties:
              crew: {type: integer, description: How many sail it., default: 1, maximum: 9}
              port: {type: string}
              sails:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items: {type: object, required: [name], properties: {name: {type: string}, colour: {type: string}}}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
`;
const boat = (name: string, spec: string) => `apiVersion: harbour.example/v1
kind: Boat
metadata: {name: ${name}}
spec: ${spec}
`;

describe("a custom resource", () => {
  let server: TestServer;
  let run: Run;
  let kubectl: ReturnType<typeof printing>;
  before(async () => {
    server = await startServer();
    run = program(server, "v35", "kubectl");
    kubectl = printing(run);
    await kubectl(["apply", "-f", "-"], { input: DEFINITION });
    await kubectl(["wait", "--for=condition=Established", "crd/boats.harbour.example", "--timeout=20s"]);
  });
  after(() => server?.stop());

  it("is applied, defaulted, shown in its columns, and found by its names", async () => {
    assert.equal(
      await kubectl(["apply", "-f", "-"], { input: boat("ann", "{port: north, sails: [{name: main, colour: red}]}") }),
      "boat.harbour.example/ann created\n",
    );
    const changed = boat("ann", "{port: north, sails: [{name: main, colour: red}, {name: fore}]}");
    assert.equal(await kubectl(["apply", "-f", "-"], { input: changed }), "boat.harbour.example/ann configured\n");
    assert.match(await kubectl(["get", "bt"]), /^NAME +CREW\nann +1\n$/);
    assert.match(await kubectl(["get", "boat", "ann", "-o", "wide"]), /^NAME +CREW +SAILS\nann +1 +red\n$/);
    assert.match(await kubectl(["get", "fleet", "-o", "name"]), /^boat\.harbour\.example\/ann\n$/);
    assert.equal(
      await kubectl(["get", "boats", "--field-selector=spec.port=north", "-o", "name"]),
      "boat.harbour.example/ann\n",
    );
    assert.equal(await kubectl(["get", "boats", "--field-selector=spec.port=south", "-o", "name"]), "");
  });

  it("is explained", async () => {
    const text = await kubectl(["explain", "boats.spec.crew"]);
    assert.match(text, /FIELD: crew <integer>/);
    assert.match(text, /How many sail it\./);
  });

  it("is refused where its schema or its rules do not allow it", async () => {
    const refused = async (spec: string) => (await run(["apply", "-f", "-"], { input: boat("bad", spec) })).error;
    assert.match(
      await refused("{crew: 10}"),
      /spec\.crew: Invalid value: 10: spec\.crew in body should be less than or equal to 9/,
    );
    assert.match(await refused("{crew: 0}"), /spec: Invalid value: a boat needs a crew/);
    assert.match(await refused("{oars: 2}"), /unknown field "spec\.oars"/);
  });

  it("is merged by the keys of its lists, and scaled", async () => {
    const apply = (manager: string, name: string) =>
      kubectl(["apply", "--server-side", `--field-manager=${manager}`, "-f", "-"], {
        input: boat("cat", `{sails: [{name: ${name}, colour: blue}]}`),
      });
    await apply("sailor", "main");
    await apply("painter", "fore");
    assert.equal(await kubectl(["get", "boat", "cat", "-o", "jsonpath={.spec.sails[*].name}"]), "main fore");
    await kubectl(["delete", "boat", "cat"]);
    await kubectl(["scale", "boat/ann", "--replicas=3"]);
    assert.equal(await kubectl(["get", "boat", "ann", "-o", "jsonpath={.spec.crew}"]), "3");
    await kubectl(["patch", "boat", "ann", "--subresource=status", "--type=merge", "-p", '{"status":{"crew":3}}']);
    assert.equal(await kubectl(["get", "boat", "ann", "-o", "jsonpath={.status.crew}"]), "3");
  });

  it("is created, watched and listed by @kubernetes/client-node", async () => {
    const config = new KubeConfig();
    config.loadFromFile(server.kubeconfig);
    const api = config.makeApiClient(CustomObjectsApi);
    const of = { group: "harbour.example", version: "v1", namespace: "default", plural: "boats" };
    const added: string[] = [];
    let wake = () => {};
    const list = async () => (await api.listNamespacedCustomObject(of)) as { items: KubernetesObject[] };
    const informer = makeInformer(config, "/apis/harbour.example/v1/namespaces/default/boats", list);
    informer.on("add", (object) => {
      added.push(object.metadata?.name ?? "");
      wake();
    });
    await informer.start();
    const body = { apiVersion: "harbour.example/v1", kind: "Boat", metadata: { name: "bea" }, spec: { crew: 2 } };
    await api.createNamespacedCustomObject({ ...of, body });
    while (!added.includes("bea")) await new Promise<void>((resolve) => (wake = resolve));
    await informer.stop();
    assert.deepEqual(added.toSorted(), ["ann", "bea"]);
  });

  it("goes with its definition", async () => {
    await kubectl(["delete", "crd", "boats.harbour.example", "--timeout=20s"]);
    const { code, error } = await run(["get", "boats"]);
    assert.equal(code, 1);
    assert.match(error, /boats/);
  });
});
