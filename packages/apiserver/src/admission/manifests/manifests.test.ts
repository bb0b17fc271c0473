import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import {
  configmaps,
  mutatingwebhookconfigurations,
  validatingadmissionpolicies,
  validatingadmissionpolicybindings,
  validatingwebhookconfigurations,
} from "@kubets/api/generated/refs";
import { realClock } from "@kubets/machinery";
import { followFolder } from "../../followed-file.ts";
import { startTestServer, type TestServerOptions } from "../../testing/server.ts";
import { linesOf } from "../../testing/told.ts";

type AnyWebhooks = typeof validatingwebhookconfigurations;

const GROUP = "admissionregistration.k8s.io/v1";
const GATE = "ManifestBasedAdmissionControlConfig";
const PLUGIN_KINDS = {
  ValidatingAdmissionPolicy: "ValidatingAdmissionPolicyConfiguration",
  MutatingAdmissionPolicy: "MutatingAdmissionPolicyConfiguration",
  ValidatingAdmissionWebhook: "WebhookAdmissionConfiguration",
  MutatingAdmissionWebhook: "WebhookAdmissionConfiguration",
} as const;
type Plugin = keyof typeof PLUGIN_KINDS;

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "kubets-manifests-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A server that reads the documents from a file of the plugin's folder. */
async function serverWith(t: TestContext, plugin: Plugin, documents: readonly object[], more: TestServerOptions = {}) {
  const folder = newFolder(t);
  const write = (all: readonly object[]) =>
    writeFileSync(join(folder, "all.yaml"), all.map((each) => JSON.stringify(each)).join("\n---\n"));
  write(documents);
  const cluster = await startTestServer({ ...more, configurations: configured(plugin, folder) });
  t.after(cluster.close);
  return { ...cluster, folder, write, registry: cluster.server.context.metrics.registry };
}

const configured = (plugin: Plugin, staticManifestsDir: string, more: object = {}) => {
  const configuration = { apiVersion: "apiserver.config.k8s.io/v1", kind: PLUGIN_KINDS[plugin] };
  return new Map([[plugin, { text: JSON.stringify({ ...configuration, staticManifestsDir, ...more }), from: "file" }]]);
};

const rules = (operations: readonly string[], resources: readonly string[], group = "") => [
  { operations, apiGroups: [group], apiVersions: ["*"], resources },
];
const CONFIG_MAPS = rules(["CREATE"], ["configmaps"]);
const named = (kind: string, name: string) => ({ apiVersion: GROUP, kind, metadata: { name } });

const policy = (name: string, expression: string, resourceRules: readonly object[] = CONFIG_MAPS) => ({
  ...named("ValidatingAdmissionPolicy", name),
  spec: { matchConstraints: { resourceRules }, validations: [{ expression, message: `${name} says no` }] },
});
const binding = (policyName: string) => ({
  ...named("ValidatingAdmissionPolicyBinding", `bind.${policyName}`),
  spec: { policyName, validationActions: ["Deny"] },
});
const denying = (name: string, ...more: readonly [expression?: string, resourceRules?: readonly object[]]) => [
  policy(name, more[0] ?? "false", more[1]),
  binding(name),
];
const webhook = (
  kind: string,
  name: string,
  resourceRules: readonly object[] = CONFIG_MAPS,
  clientConfig: object = {},
) => ({
  ...named(kind, name),
  webhooks: [
    {
      name: "asked.example.com",
      // Nothing listens there: that it fails shows that it is asked.
      clientConfig: { url: "https://127.0.0.1:1/", ...clientConfig },
      rules: resourceRules,
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
    },
  ],
});

const map = (name: string) => ({ metadata: { name, namespace: "default" } });

describe("policies of files", () => {
  it("hold from the start, before those of the API, which does not show them", async (t) => {
    const { admin } = await serverWith(t, "ValidatingAdmissionPolicy", denying("deny.static.k8s.io"));
    await admin.create(validatingadmissionpolicies, policy("a.example.com", "false") as never);
    await admin.create(validatingadmissionpolicybindings, binding("a.example.com") as never);
    await assert.rejects(admin.create(configmaps, map("a")), {
      message:
        /ValidatingAdmissionPolicy 'deny\.static\.k8s\.io' with binding 'bind\.deny\.static\.k8s\.io' denied request: deny/,
    });
    const { items } = await admin.list(validatingadmissionpolicies);
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ["a.example.com"],
    );
  });

  it("guard what admission is configured by through the API, where its own policies do nothing", async (t) => {
    const about = rules(["DELETE"], ["validatingadmissionpolicies"], "admissionregistration.k8s.io");
    const guard = denying("guard.static.k8s.io", "oldObject.metadata.name != 'kept'", about);
    const { admin } = await serverWith(t, "ValidatingAdmissionPolicy", guard);
    for (const name of ["kept", "other"])
      await admin.create(validatingadmissionpolicies, policy(name, "false") as never);
    await admin.create(validatingadmissionpolicies, policy("own", "false", about) as never);
    await admin.create(validatingadmissionpolicybindings, binding("own") as never);
    await assert.rejects(admin.delete(validatingadmissionpolicies, { name: "kept" }), /guard\.static\.k8s\.io/);
    await admin.delete(validatingadmissionpolicies, { name: "other" });
  });

  it("change what is written", async (t) => {
    const name = "label.static.k8s.io";
    const expression = 'Object{metadata: Object.metadata{labels: {"from": "file"}}}';
    const { admin } = await serverWith(t, "MutatingAdmissionPolicy", [
      {
        ...named("MutatingAdmissionPolicy", name),
        spec: {
          reinvocationPolicy: "Never",
          matchConstraints: { resourceRules: CONFIG_MAPS },
          mutations: [{ patchType: "ApplyConfiguration", applyConfiguration: { expression } }],
        },
      },
      { ...named("MutatingAdmissionPolicyBinding", `bind.${name}`), spec: { policyName: name } },
    ]);
    assert.deepEqual((await admin.create(configmaps, map("a"))).metadata.labels, { from: "file" });
  });
});

describe("webhooks of files", () => {
  for (const [plugin, ref] of [
    ["ValidatingAdmissionWebhook", validatingwebhookconfigurations],
    ["MutatingAdmissionWebhook", mutatingwebhookconfigurations],
  ] as const)
    it(`of ${plugin} are asked, of what admission is configured by, too`, async (t) => {
      const both = [...CONFIG_MAPS, ...rules(["CREATE"], [ref.resource], "admissionregistration.k8s.io")];
      const { admin } = await serverWith(t, plugin, [webhook(ref.kind, "hook.static.k8s.io", both)]);
      const isAsked = /failed calling webhook "asked\.example\.com"/;
      await assert.rejects(admin.create(configmaps, map("a")), isAsked);
      await assert.rejects(admin.create(ref as AnyWebhooks, webhook(ref.kind, "other") as never), isAsked);
      assert.deepEqual((await admin.list(ref as AnyWebhooks)).items, []);
    });
});

describe("the folder", () => {
  it("is read again when it changes, and what is wrong in it changes nothing", async (t) => {
    const cluster = await serverWith(t, "ValidatingAdmissionPolicy", denying("one.static.k8s.io"));
    const { admin, clock, registry, write, folder } = cluster;
    const prefix = "apiserver_manifest_admission_config_controller";
    const looked = (status: string) =>
      linesOf(registry, `${prefix}_automatic_reloads_total`)
        .find((line) => line.includes(`status="${status}"`))
        ?.at(-1);
    const inForce = () => linesOf(registry, `${prefix}_last_config_info`);
    const [atFirst] = inForce();
    assert.match(atFirst ?? "", /\{plugin="ValidatingAdmissionPolicy",.*hash="sha256:[0-9a-f]{64}"\} 1$/);

    write(denying("two.static.k8s.io"));
    await clock.advance(60_000);
    await assert.rejects(admin.create(configmaps, map("a")), /'two\.static\.k8s\.io'/);
    assert.equal(looked("success"), "2");
    assert.equal(inForce().length, 1);
    assert.notEqual(inForce()[0], atFirst);

    writeFileSync(join(folder, "wrong.json"), "{}");
    await clock.advance(60_000);
    await assert.rejects(admin.create(configmaps, map("a")), /'two\.static\.k8s\.io'/);
    assert.ok(Number(looked("failure")) > 0);

    rmSync(join(folder, "wrong.json"));
    write([]);
    await clock.advance(60_000);
    await admin.create(configmaps, map("a"));
    assert.match(inForce()[0] ?? "", /hash=""\} 1$/);
  });

  it("is told of at once by the filesystem", async (t) => {
    const folder = newFolder(t);
    const { promise, resolve } = Promise.withResolvers<void>();
    t.after(followFolder(folder, realClock, resolve));
    writeFileSync(join(folder, "new.yaml"), "{}");
    await promise;
  });

  const refused = async (path: string, why: RegExp, off: readonly string[] = []) =>
    assert.rejects(startTestServer({ off, configurations: configured("ValidatingAdmissionPolicy", path) }), why, path);

  it("has to be one, and needs the feature", async (t) => {
    const folder = newFolder(t);
    writeFileSync(join(folder, "file"), "");
    await refused("here", /file: staticManifestsDir: Invalid value: "here": must be an absolute file path/);
    await refused(join(folder, "none"), /unable to read/);
    await refused(join(folder, "file"), /must be a directory/);
    await refused(folder, new RegExp(`staticManifestsDir requires the ${GATE} feature gate to be enabled`), [GATE]);
  });

  it("may hold lists, several documents, and what is none of its files", async (t) => {
    const folder = newFolder(t);
    mkdirSync(join(folder, "below.yaml"));
    writeFileSync(join(folder, "notes.txt"), "none");
    writeFileSync(join(folder, "empty.yml"), "");
    const [ofA, bindA] = denying("a.static.k8s.io");
    writeFileSync(join(folder, "list.json"), JSON.stringify({ apiVersion: "v1", kind: "List", items: [ofA] }));
    const typed = { apiVersion: GROUP, kind: "ValidatingAdmissionPolicyBindingList", items: [bindA] };
    writeFileSync(join(folder, "typed.YAML"), `# comment\n---\n${JSON.stringify(typed)}\n---\n`);
    const cluster = await startTestServer({ configurations: configured("ValidatingAdmissionPolicy", folder) });
    t.after(cluster.close);
    await assert.rejects(cluster.admin.create(configmaps, map("a")), /'a\.static\.k8s\.io'/);
  });
});

describe("a server does not start by", () => {
  const NAME = "a.static.k8s.io";
  const [ofA, bindA] = denying(NAME) as [ReturnType<typeof policy>, ReturnType<typeof binding>];
  const hooks = (clientConfig: object) => webhook("ValidatingWebhookConfiguration", NAME, CONFIG_MAPS, clientConfig);
  const service = { namespace: "default", name: "s" };
  const cases: readonly [what: string, plugin: Plugin, documents: readonly object[], why: RegExp][] = [
    [
      "another name",
      "ValidatingAdmissionPolicy",
      [policy("a", "true")],
      /must have a name ending with "\.static\.k8s\.io"/,
    ],
    ["no name", "ValidatingAdmissionPolicy", [policy("", "true")], /metadata\.name: Required value/],
    [
      "a name twice",
      "ValidatingAdmissionPolicy",
      [ofA, ofA],
      /duplicate ValidatingAdmissionPolicy name "a\.static\.k8s\.io"/,
    ],
    [
      "an unknown field",
      "ValidatingAdmissionPolicy",
      [{ ...ofA, more: 1 }],
      /strict decoding error: unknown field "more"/,
    ],
    [
      "a wrong expression",
      "ValidatingAdmissionPolicy",
      [policy(NAME, "1 +")],
      /spec\.validations\[0\]\.expression: Invalid value/,
    ],
    [
      "another kind",
      "ValidatingAdmissionPolicy",
      [hooks({})],
      /unsupported resource type .*, Kind=ValidatingWebhookConfiguration/,
    ],
    [
      "a binding of nothing",
      "ValidatingAdmissionPolicy",
      [bindA],
      /references policy "a\.static\.k8s\.io" which does not exist/,
    ],
    [
      "a binding of the API's",
      "ValidatingAdmissionPolicy",
      [{ ...bindA, spec: { ...bindA.spec, policyName: "b" } }],
      /spec\.policyName "b" must end with/,
    ],
    [
      "parameters",
      "ValidatingAdmissionPolicy",
      [{ ...ofA, spec: { ...ofA.spec, paramKind: { apiVersion: "v1", kind: "ConfigMap" } } }],
      /spec\.paramKind is not supported for static manifests/,
    ],
    [
      "a parameter",
      "ValidatingAdmissionPolicy",
      [ofA, { ...bindA, spec: { ...bindA.spec, paramRef: { name: "a", parameterNotFoundAction: "Deny" } } }],
      /spec\.paramRef is not supported for static manifests/,
    ],
    [
      "a service",
      "ValidatingAdmissionWebhook",
      [hooks({ url: undefined, service })],
      /clientConfig\.service is not supported for static manifests/,
    ],
  ];
  for (const [what, plugin, documents, why] of cases)
    it(what, async (t) => {
      await assert.rejects(serverWith(t, plugin, documents), (error: Error) => {
        assert.match(error.message, why);
        return true;
      });
    });

  it("a key that stands twice", async (t) => {
    const folder = newFolder(t);
    writeFileSync(join(folder, "a.yaml"), "kind: A\nkind: B\n");
    const configurations = configured("ValidatingAdmissionPolicy", folder);
    await assert.rejects(
      startTestServer({ configurations }),
      /error loading .*a\.yaml: strict decoding error: .*already set/,
    );
  });
});

describe("the names of files", () => {
  it("are not for the API", async (t) => {
    const { admin, close } = await startTestServer();
    t.after(close);
    const reserved =
      /metadata\.name: Invalid value: "a\.static\.k8s\.io": names ending with "\.static\.k8s\.io" are reserved/;
    const [ofA, bindA] = denying("a.static.k8s.io");
    await assert.rejects(admin.create(validatingadmissionpolicies, ofA as never), reserved);
    const bound = { ...bindA, metadata: { name: "a.static.k8s.io" } };
    await assert.rejects(admin.create(validatingadmissionpolicybindings, bound as never), reserved);
    for (const ref of [validatingwebhookconfigurations, mutatingwebhookconfigurations])
      await assert.rejects(admin.create(ref as AnyWebhooks, webhook(ref.kind, "a.static.k8s.io") as never), reserved);
  });

  it("are the API's, too, where the feature is off", async (t) => {
    const { admin, close } = await startTestServer({ off: [GATE] });
    t.after(close);
    await admin.create(validatingadmissionpolicies, policy("a.static.k8s.io", "true") as never);
  });
});
