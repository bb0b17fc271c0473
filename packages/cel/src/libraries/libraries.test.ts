import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type AuthorizationQuestion,
  AuthorizerValue,
  authorizers,
  celTypes,
  formatIssues,
  jsonPatches,
  jsonPatchType,
  kubernetesEnvironment,
  ResourceCheck,
  toJson,
} from "../cel.ts";

const env = kubernetesEnvironment.extend({
  libraries: [authorizers, jsonPatches],
  types: [jsonPatchType],
  variables: {
    authorizer: celTypes.authorizer,
    "authorizer.requestResource": celTypes.resourceCheck,
    object: celTypes.dyn,
  },
});

function evaluate(source: string, activation: Record<string, unknown> = {}): unknown {
  const compiled = env.compile(source);
  assert.ok(compiled.ok, compiled.ok ? "" : formatIssues(compiled.errors));
  return toJson(compiled.program.evaluate(activation));
}

function table(cases: readonly (readonly [source: string, want: unknown])[]): void {
  for (const [source, want] of cases) assert.deepEqual(evaluate(source), want, source);
}

function failures(cases: readonly (readonly [source: string, message: string | RegExp])[]): void {
  for (const [source, message] of cases)
    assert.throws(() => evaluate(source), { name: "CelEvaluationError", message }, source);
}

test("lists", () => {
  table([
    ["[1, 2, 3].isSorted() && ['a', 'b', 'b'].isSorted() && [2.0, 1.0].isSorted() == false", true],
    ["[1, 3].sum()", 4],
    ["[1.5, 2.5].sum()", 4],
    ["[].sum()", 0],
    ["[duration('1s'), duration('2s')].sum() == duration('3s')", true],
    ["[1, 3, 2].max() == 3 && ['b', 'a'].min() == 'a'", true],
    ["[1, 2, 2, 3].indexOf(2) == 1 && [1, 2, 2, 3].lastIndexOf(2) == 2 && [1].indexOf(9) == -1", true],
  ]);
  failures([
    ["[].max()", "max called on empty list"],
    ["[].min()", "min called on empty list"],
    ["[9223372036854775807, 1].sum()", "integer overflow"],
  ]);
});

test("patterns", () => {
  table([
    ["'abc 123'.find('[0-9]+')", "123"],
    ["'abc'.find('[0-9]+')", ""],
    ["'123 abc 456'.findAll('[0-9]+')", ["123", "456"]],
    ["'123 abc 456'.findAll('[0-9]+', 1)", ["123"]],
    ["'foobar'.matches('^foo') && matches('x', '^x$')", true],
  ]);
});

test("texts", () => {
  table([
    ["'héllo😀'.charAt(5)", "😀"],
    ["'héllo😀'.size()", 6],
    ["'tacocat'.indexOf('a', 3)", 5],
    ["'tacocat'.lastIndexOf('a')", 5],
    ["'a-b-c'.split('-', 2)", ["a", "b-c"]],
    ["['a', 'b'].join(', ')", "a, b"],
    ["'hello hello'.replace('he', 'we', 1)", "wello hello"],
    ["'TacoCÆt'.lowerAscii() + 'TacoCæt'.upperAscii()", "tacocÆtTACOCæT"],
    ["'  a \\u00a0'.trim()", "a"],
    ["'%s has %d of %.2f, %x'.format(['a', 3, 1.5, 255])", "a has 3 of 1.50, ff"],
    ["'$&'.replace('&', '$&$&')", "$$&$&"],
  ]);
});

test("URLs", () => {
  table([
    ["url('https://user@example.com:8080/a b?q=1&q=2&x=y%20z').getHost()", "example.com:8080"],
    ["url('https://[::1]:80/path').getHostname()", "::1"],
    ["url('https://example.com:80/').getPort()", "80"],
    ["url('https://example.com/path with spaces/').getEscapedPath()", "/path%20with%20spaces/"],
    ["url('https://example.com/?k=v&k=w&x=1+2').getQuery()", { k: ["v", "w"], x: ["1 2"] }],
    ["url('/path').getScheme() + url('HTTPS://x').getScheme()", "https"],
    ["isURL('https://a.b') && isURL('/absolute') && !isURL('../relative') && !isURL('https://a:x')", true],
    ["url('https://example.com:80/') == url('https://example.com:80/')", true],
  ]);
  failures([["url('relative')", /^URL parse error during conversion from string: .*invalid URI for request$/]]);
});

test("addresses and ranges", () => {
  table([
    ["ip('::1').family() == 6 && ip('127.0.0.1').isLoopback() && ip('10.0.0.1').isGlobalUnicast()", true],
    ["isIP('1.2.3') || isIP('::ffff:1.2.3.4') || isIP('fe80::1%eth0')", false],
    ["ip.isCanonical('2001:db8::abcd') && !ip.isCanonical('2001:DB8::ABCD')", true],
    ["string(ip('2001:DB8::1'))", "2001:db8::1"],
    ["cidr('192.168.0.0/24').containsIP('192.168.0.7') && cidr('10.0.0.0/8').containsCIDR(cidr('10.1.0.0/16'))", true],
    ["cidr('10.0.0.0/8').containsCIDR('11.0.0.0/16')", false],
    [
      "string(cidr('192.168.1.5/24').masked()) + ' ' + string(cidr('192.168.1.5/24').ip())",
      "192.168.1.0/24 192.168.1.5",
    ],
    ["cidr('192.168.0.0/24').prefixLength()", 24],
  ]);
  failures([["ip('nope')", /^IP Address "nope" parse error during conversion from string: /]]);
});

test("quantities", () => {
  table([
    ["quantity('1.5Gi').isGreaterThan(quantity('1500Mi'))", true],
    ["quantity('50k').add(quantity('20k')) == quantity('70k') && quantity('50k').sub(20000) == quantity('30k')", true],
    ["quantity('50k').asInteger()", 50000],
    ["quantity('1500m').isInteger() || isQuantity('1 k')", false],
    ["quantity('1500m').asApproximateFloat()", 1.5],
    ["quantity('200M').compareTo(quantity('0.2G')) + quantity('-1').sign()", -1],
  ]);
  failures([["quantity('1500m').asInteger()", "cannot convert value to integer"]]);
});

test("versions", () => {
  table([
    ["semver('1.2.3-rc.1').isLessThan(semver('1.2.3')) && semver('1.2.3-2').isLessThan(semver('1.2.3-10'))", true],
    ["semver('1.2.3-10').isLessThan(semver('1.2.3-a')) && semver('1.2.3+a') == semver('1.2.3+b')", true],
    ["isSemver('v1.0') || isSemver('01.0.0')", false],
    ["isSemver('v1.0', true) && semver('v01.2', true).minor() == 2", true],
    ["semver('1.2.3').major() * 100 + semver('1.2.3').minor() * 10 + semver('1.2.3').patch()", 123],
  ]);
});

test("formats", () => {
  table([
    ["format.dns1123Label().validate('ok-1').hasValue()", false],
    ["format.dns1123Label().validate('Not_ok').value().size()", 1],
    ["format.named('uuid').value().validate('nope').value()", ["does not match the UUID format"]],
    ["format.named('nope').hasValue()", false],
    [
      "format.dns1123LabelPrefix().validate('ok-').hasValue() || format.date().validate('2026-01-31').hasValue()",
      false,
    ],
  ]);
});

test("sets", () => {
  table([
    ["sets.contains([1, 2, 3], [3, 2]) && !sets.contains([1], [1, 2])", true],
    ["sets.equivalent([1, 1, 2], [2, 1]) && !sets.equivalent([1], [1, 2])", true],
    ["sets.intersects(['a'], ['b', 'a']) && !sets.intersects([], [1])", true],
  ]);
});

test("JSON patches", () => {
  table([
    [
      "[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b~c'), value: {'x': 1}}]",
      [{ op: "add", path: "/metadata/labels/a~1b~0c", value: { x: 1 } }],
    ],
  ]);
});

test("the authorizer is asked for exactly what was said, at its cost", () => {
  const asked: AuthorizationQuestion[] = [];
  const ask = (question: AuthorizationQuestion) => {
    asked.push(question);
    return { allowed: question.verb === "get", reason: "because" };
  };
  const activation = {
    authorizer: new AuthorizerValue(ask),
    "authorizer.requestResource": new ResourceCheck(ask, { group: "apps", resource: "deployments", namespace: "a" }),
  };
  assert.equal(
    evaluate(
      "authorizer.group('').resource('pods').namespace('default').subresource('log').check('get').allowed()",
      activation,
    ),
    true,
  );
  assert.equal(evaluate("authorizer.path('/healthz').check('post').allowed()", activation), false);
  assert.equal(
    evaluate("authorizer.serviceAccount('ns', 'sa').group('').resource('pods').check('get').reason()", activation),
    "because",
  );
  assert.equal(evaluate("authorizer.requestResource.check('get').errored()", activation), false);
  assert.deepEqual(asked, [
    { group: "", resource: "pods", namespace: "default", subresource: "log", verb: "get" },
    { path: "/healthz", verb: "post" },
    { serviceAccount: { namespace: "ns", name: "sa" }, group: "", resource: "pods", verb: "get" },
    { group: "apps", resource: "deployments", namespace: "a", verb: "get" },
  ]);
  const thrice = "[1, 2, 3].all(x, authorizer.path('/a').check('get').allowed())";
  assert.throws(() => evaluate(thrice, activation), { name: "CelLimitError" });
});

test("a value is only asked for where the optional has none", () => {
  table([
    ["optional.of(1).orValue(1 / 0)", 1],
    ["optional.of(1).or(optional.of(1 / 0)).value()", 1],
    ["{'a': 1}[?'b'].or({'a': 1}[?'a']).orValue(0)", 1],
  ]);
});
