/** Which requests may go to another server, where they may go, and which ingresses are ours. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Ingress, IngressClass } from "@kubets/api/generated/types/networking-v1";
import { ingressObject } from "../testing/fixture.ts";
import { affinityCookie, chooseAddress, mark } from "./choose.ts";
import { isOurs } from "./classes.ts";
import { mayTryAgain } from "./retry.ts";
import type { Affinity } from "./settings.ts";

describe("another try", () => {
  const may = (kind: "connect" | "closed" | "timeout" | "malformed", method: string, more: object = {}) =>
    mayTryAgain({
      method,
      failure: { kind, reused: false, message: "" },
      bodyBegun: false,
      tried: 1,
      tries: 3,
      ...more,
    });

  it("is harmless while nobody was reached", () => {
    assert.equal(may("connect", "POST"), true);
    assert.equal(may("connect", "POST", { tried: 3 }), false);
  });
  it("is for what may be done twice, while all of it is here", () => {
    for (const kind of ["closed", "timeout"] as const) {
      assert.equal(may(kind, "GET"), true);
      assert.equal(may(kind, "PUT", { bodyBegun: true }), false);
      assert.equal(may(kind, "POST"), false);
    }
  });
  it("is not counted when an idle connection had gone", () => {
    const failure = { kind: "closed", reused: true, message: "" };
    assert.equal(may("closed", "GET", { failure, tried: 9 }), true);
    assert.equal(may("closed", "POST", { failure }), false);
  });
  it("would not make sense of nonsense", () => assert.equal(may("malformed", "GET"), false));
});

describe("the next address", () => {
  const addresses = ["a", "b", "c"].map((host) => ({ host, port: 80 }));
  const affinity = { cookie: "route", path: "", domain: "", changeOnFailure: false } as Affinity;

  it("is each in its turn, without those that were tried", () => {
    const resolved = { addresses, turn: 0 };
    const next = (tried: string[] = []) => chooseAddress(resolved, new Set(tried), undefined)?.address.host;
    assert.deepEqual([next(), next(), next(), next()], ["a", "b", "c", "a"]);
    assert.equal(next(["b 80"]), "c");
    assert.equal(next(["a 80", "b 80", "c 80"]), undefined);
  });

  it("is the one of the cookie for as long as it serves", () => {
    const choose = (cookie: string | undefined, tried: string[] = []) =>
      chooseAddress({ addresses, turn: 0 }, new Set(tried), { affinity, cookie });
    const ofB = mark({ host: "b", port: 80 });
    assert.deepEqual(choose(ofB), { address: addresses[1], cookie: undefined });
    assert.deepEqual(choose("gone"), { address: addresses[0], cookie: mark({ host: "a", port: 80 }) });
    assert.equal(choose(undefined)?.cookie, mark({ host: "a", port: 80 }));
    // A failure alone does not move a client for good.
    assert.deepEqual(choose(ofB, ["b 80"]), { address: addresses[0], cookie: undefined });
  });

  it("is remembered by a cookie of the rule's path", () => {
    const set = (more: Partial<Affinity>, isTls = false) =>
      affinityCookie(
        { ...affinity, sameSite: "", maxAge: undefined, expires: undefined, isSecure: undefined, ...more },
        "x",
        {
          routePath: "/shop",
          isTls,
          now: 0,
        },
      );
    assert.equal(set({}), "route=x; Path=/shop; HttpOnly");
    assert.equal(
      set({ path: "/", maxAge: 60, expires: 60, sameSite: "Lax" }, true),
      "route=x; Expires=Thu, 01 Jan 1970 00:01:00 GMT; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax",
    );
  });
});

describe("an ingress is ours", () => {
  const classes: Record<string, string> = {
    kubets: "kubets.io/ingress",
    nginx: "kubets.io/ingress",
    other: "example.com/other",
  };
  const classOf = (name: string) =>
    classes[name] === undefined ? undefined : ({ spec: { controller: classes[name] } } as unknown as IngressClass);
  const ours = (className: string, old = "", takesUnnamed = false) => {
    const ingress = ingressObject({ className });
    const annotations = old ? { "kubernetes.io/ingress.class": old } : {};
    const { ingressClassName: _, ...unnamed } = ingress.spec;
    const object = {
      ...ingress,
      metadata: { ...ingress.metadata, annotations },
      spec: className ? ingress.spec : unnamed,
    };
    return isOurs(object as unknown as Ingress, classOf, {
      controller: "kubets.io/ingress",
      name: "mine",
      takesUnnamed,
    });
  };
  const cases: readonly (readonly [string, boolean, boolean])[] = [
    ["by the controller of its class", ours("nginx"), true],
    ["not when the class is of another", ours("other"), false],
    ["not when the class is not there", ours("nobody"), false],
    ["by the name of a class that needs none", ours("mine"), true],
    ["by the old annotation", ours("", "mine"), true],
    ["by the class before the annotation", ours("other", "mine"), false],
    ["without a class only when told so", ours(""), false],
    ["without a class when told so", ours("", "", true), true],
  ];
  for (const [name, is, expected] of cases) it(name, () => assert.equal(is, expected));
});
