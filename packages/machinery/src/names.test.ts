import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  configMapKey,
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  envVarName,
  labelValue,
  pathSegmentName,
  percent,
  portName,
  portNumber,
  prefixedName,
  qualifiedName,
} from "./names.ts";

const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const KEY_RULE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

test("labels and subdomains", () => {
  assert.deepEqual(dns1123Label("my-name"), []);
  assert.deepEqual(dns1123Label("a.b"), ["must not contain dots"]);
  assert.deepEqual(dns1123Label("a".repeat(64)), ["must be no more than 63 characters"]);
  assert.deepEqual(dns1123Label("A_"), [
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ]);
  assert.deepEqual(dns1123Subdomain("example.com"), []);
  assert.deepEqual(dns1123Subdomain("Bad_Name"), [SUBDOMAIN]);
  assert.deepEqual(dns1123Subdomain("a\n"), [SUBDOMAIN]);
  assert.deepEqual(dns1035Label("1a").length, 1);
});

test("qualified names", () => {
  assert.deepEqual(qualifiedName("app.kubernetes.io/name"), []);
  assert.deepEqual(qualifiedName("bad key"), [`name part ${KEY_RULE}`]);
  assert.deepEqual(qualifiedName(""), ["name part must be non-empty", `name part ${KEY_RULE}`]);
  assert.deepEqual(qualifiedName("/x"), ["prefix part must be non-empty"]);
  assert.deepEqual(qualifiedName("EX.io/x"), [`prefix part ${SUBDOMAIN}`]);
  assert.deepEqual(qualifiedName("k".repeat(64)), ["name part must be no more than 63 bytes"]);
  assert.deepEqual(qualifiedName(`${"p".repeat(254)}/x`), ["prefix part must be no more than 253 bytes"]);
  assert.deepEqual(qualifiedName("a/b/c"), [
    `a valid label key ${KEY_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
  ]);
  assert.deepEqual(prefixedName("key"), ["must include a prefix (e.g. 'example.com/key')"]);
});

test("label values", () => {
  assert.deepEqual(labelValue(""), []);
  assert.deepEqual(labelValue("v".repeat(64)), ["must be no more than 63 bytes"]);
  assert.equal(labelValue("é".repeat(32)).length, 2);
  assert.match(labelValue("a-")[0] as string, /^a valid label must be an empty string/);
});

test("the other forms", () => {
  assert.deepEqual(portName("no such port name"), [
    "must be no more than 15 characters",
    "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
  ]);
  assert.deepEqual(portName("80"), ["must contain at least one letter (a-z)"]);
  assert.deepEqual(portName("a--b-"), ["must not contain consecutive hyphens", "must not begin or end with a hyphen"]);
  assert.deepEqual(portNumber(0), ["must be between 1 and 65535, inclusive"]);
  assert.deepEqual(pathSegmentName("a/b%"), ["may not contain '/'", "may not contain '%'"]);
  assert.deepEqual(pathSegmentName(".."), ["may not be '..'"]);
  assert.deepEqual(configMapKey("..a"), ["must not start with '..'"]);
  assert.deepEqual(envVarName("A=B").length, 1);
  assert.deepEqual(envVarName("any thing"), []);
  assert.deepEqual(percent("ten"), [
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
  ]);
});

test("a long hostile name is refused quickly", () => {
  const start = performance.now();
  for (const check of [dns1123Label, dns1123Subdomain, qualifiedName, labelValue]) {
    assert.ok(check(`${"a-".repeat(50_000)}!`).length > 0);
  }
  assert.ok(performance.now() - start < 2000);
});

test("every valid label is a subdomain, a label value and a name", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?$/), (name) => {
      for (const check of [dns1123Label, dns1123Subdomain, labelValue, qualifiedName, configMapKey]) {
        assert.deepEqual(check(name), []);
      }
    }),
  );
});
