import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { StatusError } from "@kubets/machinery";
import { parseJson, type WrittenFloat } from "@kubets/machinery/json";
import fc from "fast-check";
import { absentList } from "../meta.ts";
import { makeStruct, structOf } from "../schema.ts";
import { canonical } from "./canonical.ts";
import { decode, decodeBody } from "./decode.ts";
import { encodeJson } from "./json.ts";
import { randomObject } from "./random-object.fixture.ts";

const configMap = structOf("api.core.v1.ConfigMap");
const deployment = structOf("api.apps.v1.Deployment");
const pod = structOf("api.core.v1.Pod");
const role = structOf("api.rbac.v1.Role");
const json = (text: string) => JSON.parse(text) as unknown;
const textOf = (struct: typeof pod, value: unknown) => encodeJson(decode(struct, value).object);

describe("numbers that are whole, written otherwise", () => {
  const read = (struct: typeof pod, text: string) => {
    const floats: WrittenFloat[] = [];
    const value = parseJson(text, { floats });
    return decode(struct, value, { own: true, floats: floats.length > 0 }).object;
  };

  for (const text of ["1e0", "1.0", "10E-1"])
    test(`${text} is no integer`, () =>
      assert.throws(() => read(deployment, `{"spec":{"replicas":${text}}}`), {
        message: `json: cannot unmarshal number ${text} into Go struct field DeploymentSpec.spec.replicas of type int32`,
      }));

  test("are amounts, and numbers of any JSON", () => {
    const list = read(
      pod,
      '{"spec":{"containers":[{"name":"a.1e0","resources":{"limits":{"cpu":1e0,"memory":2.0}}}]}}',
    );
    assert.match(JSON.stringify(list), /"limits":\{"cpu":"1e0","memory":"2"\}/);
    const fields = '{"a":[{"b":1e2,"__proto__":3.0}]}';
    const any = read(configMap, `{"metadata":{"managedFields":[{"fieldsV1":${fields}}]}}`) as {
      metadata: { managedFields: { fieldsV1: unknown }[] };
    };
    assert.deepEqual(any.metadata.managedFields[0]?.fieldsV1, JSON.parse(fields));
  });
});

describe("the canonical form", () => {
  test("puts fields in declared order and map keys in byte order", () => {
    const text = textOf(
      configMap,
      json('{"data":{"b":"1","a":"2","\u{1f600}":"3","\uffee":"4"},"metadata":{"name":"x"},"kind":"ConfigMap"}'),
    );
    assert.equal(
      text,
      '{"kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"2","b":"1","\uffee":"4","\u{1f600}":"3"}}',
    );
  });

  test("drops nulls and empty values, keeps what is pointed at or always written", () => {
    const value = {
      metadata: { name: "a", labels: null, annotations: { x: null }, finalizers: [], creationTimestamp: null },
      spec: {
        replicas: 0,
        paused: false,
        minReadySeconds: null,
        strategy: null,
        template: { spec: { containers: [null] } },
      },
      status: null,
    };
    assert.deepEqual(json(textOf(deployment, value)), {
      metadata: { name: "a", annotations: { x: "" } },
      spec: {
        replicas: 0,
        selector: null,
        template: { metadata: {}, spec: { containers: [{ name: "", resources: {} }] } },
        strategy: {},
      },
      status: {},
    });
  });

  test("reads an absent required list as empty and writes null", () => {
    for (const value of [{}, { rules: null }]) {
      const { object } = decode(role, value);
      assert.equal(object["rules"], absentList);
      assert.equal(encodeJson(object), '{"metadata":{},"rules":null}');
    }
    assert.deepEqual(decode(role, { rules: [] }).object["rules"], [], "an empty list that was sent is told from none");
  });

  test("writes scalars in one way", () => {
    const value = {
      metadata: { creationTimestamp: "2024-05-01T12:00:00.9+02:00" },
      spec: { containers: [{ name: "c", resources: { limits: { cpu: "0.5", memory: 1024 } } }] },
    };
    assert.deepEqual(json(textOf(pod, value)), {
      metadata: { creationTimestamp: "2024-05-01T10:00:00Z" },
      spec: { containers: [{ name: "c", resources: { limits: { cpu: "500m", memory: "1024" } } }] },
      status: {},
    });
    assert.deepEqual(json(textOf(configMap, { binaryData: { a: "YR==", b: "Y\nQ==" } })), {
      metadata: {},
      binaryData: { a: "YQ==", b: "YQ==" },
    });
  });

  test("keeps integers that no double holds", () => {
    const { object } = decode(deployment, { metadata: { generation: 9007199254740993n } });
    assert.match(encodeJson(object), /"generation":9007199254740993/);
    assert.throws(
      () => decode(deployment, { metadata: { generation: 2n ** 63n } }),
      /cannot unmarshal number 9223372036854775808/,
    );
  });

  test("takes odd keys for plain data", () => {
    const value = json(
      '{"data":{"__proto__":"1","constructor":"2"},"metadata":{"labels":{"__proto__":"x"}},"__proto__":{"x":1}}',
    );
    const { object, unknown } = decode(configMap, value);
    assert.equal(
      encodeJson(object),
      '{"metadata":{"labels":{"__proto__":"x"}},"data":{"__proto__":"1","constructor":"2"}}',
    );
    assert.deepEqual(unknown, ["__proto__"]);
    assert.equal(Object.getPrototypeOf(object["data"]), Object.prototype);
  });

  test("does not touch what it is given", () => {
    const value = Object.freeze({ metadata: Object.freeze({ labels: Object.freeze({ b: "1", a: "2" }) }) });
    const { object } = decode(configMap, value);
    assert.notEqual(object["metadata"], value.metadata);
  });

  test("uses what is its own and canonical as it stands", () => {
    const value = {
      metadata: { name: "a" },
      spec: { nodeName: "n", containers: [{ name: "", resources: {} }] },
      status: { phase: "" },
    };
    const object = canonical(pod, value, { own: true });
    assert.equal(object["spec"], value.spec === object["spec"] ? value.spec : object["spec"]);
    assert.equal(object["metadata"], value.metadata);
    assert.deepEqual(object, {
      metadata: { name: "a" },
      spec: { containers: [{ name: "", resources: {} }], nodeName: "n" },
      status: {},
    });
  });

  test("keeps custom objects as they are, in the alphabet's order", () => {
    const custom = makeStruct(
      "Thing",
      pod.fields.filter((f) => f.name === "metadata"),
      { open: { "x-kubernetes-preserve-unknown-fields": true } },
    );
    const value = {
      spec: { z: null, a: [] },
      metadata: { name: "x", labels: null },
      kind: "Thing",
      apiVersion: "e/v1",
    };
    assert.equal(
      textOf(custom, value),
      '{"apiVersion":"e/v1","kind":"Thing","metadata":{"name":"x"},"spec":{"a":[],"z":null}}',
    );
  });
});

describe("what is no object of its kind", () => {
  const cases: [struct: typeof pod, value: unknown, text: string][] = [
    [
      configMap,
      { metadata: "x" },
      "json: cannot unmarshal string into Go struct field ConfigMap.metadata of type v1.ObjectMeta",
    ],
    [
      configMap,
      { metadata: { labels: [] } },
      "json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string",
    ],
    [
      configMap,
      { metadata: { labels: { x: 1 } } },
      "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
    ],
    [configMap, { binaryData: { x: "%%%" } }, "illegal base64 data at input byte 0"],
    [configMap, { binaryData: { x: "abc" } }, "illegal base64 data at input byte 0"],
    [
      configMap,
      { data: { a: true }, immutable: "x" },
      "json: cannot unmarshal bool into Go struct field ConfigMap.data of type string",
    ],
    [
      deployment,
      { spec: { replicas: 1.5 } },
      "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
    ],
    [
      deployment,
      { spec: { replicas: 4294967296 } },
      "json: cannot unmarshal number 4294967296 into Go struct field DeploymentSpec.spec.replicas of type int32",
    ],
    [
      deployment,
      { spec: { strategy: { rollingUpdate: { maxSurge: true } } } },
      "json: cannot unmarshal bool into Go struct field RollingUpdateDeployment.spec.strategy.rollingUpdate.maxSurge of type int32",
    ],
    [
      pod,
      { spec: { containers: [{}, { ports: [{ containerPort: "80" }] }] } },
      "json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32",
    ],
    [
      pod,
      { spec: { containers: [{ livenessProbe: { httpGet: { port: true } } }] } },
      "json: cannot unmarshal bool into Go struct field HTTPGetAction.spec.containers.livenessProbe.ProbeHandler.httpGet.port of type int32",
    ],
    [
      pod,
      { spec: { containers: "x" } },
      "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container",
    ],
    [
      pod,
      { metadata: { name: 5 }, spec: { overhead: { cpu: "x" } } },
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    [
      pod,
      { metadata: { creationTimestamp: "x" } },
      'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"',
    ],
    [
      pod,
      { metadata: { creationTimestamp: "2024-02-30T00:00:00Z" } },
      'parsing time "2024-02-30T00:00:00Z": day out of range',
    ],
    [pod, [], "json: cannot unmarshal array into Go value of type v1.Pod"],
  ];
  for (const [struct, value, text] of cases)
    test(text, () => {
      assert.throws(() => decode(struct, value), { message: text });
    });

  test("a request's body is answered as a bad request", () => {
    assert.throws(
      () => decodeBody(configMap, { data: 1 }, { version: "v1", kind: "ConfigMap" }),
      (error) =>
        error instanceof StatusError &&
        error.code === 400 &&
        error.message ===
          'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type map[string]string',
    );
  });

  test("fields that the kind lacks are told in the document's order", () => {
    const value = {
      spec: {
        template: {
          metadata: { color: "red" },
          spec: { containers: [{ imagePullpolicy: "x", ports: [{ containerport: 1 }] }] },
        },
        foo: 1,
      },
      nonsense: 1,
    };
    assert.deepEqual(decode(deployment, value).unknown, [
      "spec.template.metadata.color",
      "spec.template.spec.containers[0].imagePullpolicy",
      "spec.template.spec.containers[0].ports[0].containerport",
      "spec.foo",
      "nonsense",
    ]);
  });
});

describe("random objects", () => {
  for (const name of [
    "api.core.v1.Pod",
    "api.core.v1.Service",
    "api.apps.v1.Deployment",
    "api.core.v1.Event",
    "api.resource.v1.ResourceClaim",
  ]) {
    const struct = structOf(name);
    test(`a ${name} in canonical form stays as it is`, () => {
      fc.assert(
        fc.property(randomObject(struct), (object) => {
          const text = encodeJson(object);
          assert.equal(encodeJson(decode(struct, object).object), text);
          assert.equal(encodeJson(canonical(struct, object, { own: true })), text);
        }),
        { numRuns: 60 },
      );
    });
    test(`a ${name} comes back from any order of its keys`, () => {
      fc.assert(
        fc.property(randomObject(struct), (object) => {
          assert.equal(encodeJson(canonical(struct, reversed(object))), encodeJson(object));
        }),
        { numRuns: 60 },
      );
    });
  }
});

function reversed(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return Array.isArray(value) ? value.map(reversed) : value;
  // Values of any JSON keep their order: they are told by their keys.
  if (Object.hasOwn(value, "__b")) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([k, v]) => [k, reversed(v)]),
  );
}
