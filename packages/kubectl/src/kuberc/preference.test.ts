import assert from "node:assert/strict";
import { it } from "node:test";
import { expanded, parsePreference } from "./preference.ts";

const file = `
apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
defaults: [{command: delete, options: [{name: interactive, default: "true"}]}]
aliases: [{name: getn, command: get, prependArgs: [nodes], appendArgs: [--, x], options: [{name: output, default: wide}]}]
`;

it("preferences hold defaults and aliases", () => {
  const { defaults, aliases } = parsePreference(file, "/kuberc");
  assert.deepEqual(defaults.get("delete"), [{ name: "interactive", default: "true" }]);
  const alias = aliases.get("getn");
  assert.ok(alias);
  assert.deepEqual(expanded(alias, ["-A"]), ["get", "nodes", "--output=wide", "-A", "--", "x"]);
  assert.deepEqual(expanded(alias, ["--output=json"]), ["get", "nodes", "--output=json", "--", "x"]);
  assert.throws(() => parsePreference("kind: Other", "/kuberc"), /\/kuberc holds no Preference/);
});
