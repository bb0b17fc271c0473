/** What annotations say, and what is said of those that say nothing. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PREFIX, readAnnotations } from "./annotations.ts";
import { defaultSettings, type Settings } from "./settings.ts";

const read = (annotations: Readonly<Record<string, string>>) =>
  readAnnotations(
    Object.fromEntries(Object.entries(annotations).map(([name, value]) => [PREFIX + name, value])),
    "shop",
  );

describe("annotations", () => {
  const cases: readonly (readonly [annotations: Record<string, string>, settings: Partial<Settings>])[] = [
    [{}, {}],
    [{ "proxy-body-size": "8m" }, { bodyBytes: 8 << 20 }],
    [{ "proxy-body-size": "1G" }, { bodyBytes: 1 << 30 }],
    [
      { "proxy-connect-timeout": "10", "proxy-read-timeout": "120s" },
      { connectMs: 10_000, readMs: 120_000 },
    ],
    [{ "proxy-send-timeout": "300" }, { readMs: 300_000 }],
    [{ "proxy-send-timeout": "300", "proxy-read-timeout": "120" }, { readMs: 120_000 }],
    [{ "backend-protocol": "grpcs" }, { protocol: "h2", isSecure: true }],
    [
      { "rewrite-target": "/$1", "use-regex": "True" },
      { rewriteTarget: "/$1", useRegex: true },
    ],
    [
      { "auth-type": "basic", "auth-secret": "users", "auth-realm": 'Say "who"' },
      { auth: { secret: "shop/users", isMap: false, realm: "Say who" } },
    ],
    [{ "proxy-next-upstream": "off", "proxy-next-upstream-tries": "5" }, { tries: 1 }],
    [{ "proxy-next-upstream-tries": "0" }, { tries: Number.POSITIVE_INFINITY }],
    [{ "proxy-buffering": "off", "proxy-buffer-size": "128k", "proxy-request-buffering": "off" }, {}],
  ];
  for (const [annotations, settings] of cases)
    it(JSON.stringify(annotations), () =>
      assert.deepEqual(read(annotations), { settings: { ...defaultSettings, ...settings }, problems: [] }),
    );

  it("that are not known are named, with the nearest that is", () => {
    const { problems } = read({ "configuration-snippet": "x", "proxy-body-sise": "1m" });
    assert.deepEqual(
      problems.map(({ reason, message }) => [reason, message]),
      [
        ["UnknownAnnotation", `the annotation ${PREFIX}configuration-snippet is not known here and has no effect`],
        [
          "UnknownAnnotation",
          `the annotation ${PREFIX}proxy-body-sise is not known here and has no effect; did you mean ${PREFIX}proxy-body-size?`,
        ],
      ],
    );
  });

  it("of other controllers are nothing to it", () => {
    assert.deepEqual(
      readAnnotations({ "cert-manager.io/issuer": "x", "kubernetes.io/ingress.class": "y" }, "shop").problems,
      [],
    );
  });

  const wrong: Record<string, readonly [value: string, more: Record<string, string>]> = {
    "proxy-body-size": ["large", {}],
    "ssl-redirect": ["perhaps", {}],
    "proxy-read-timeout": ["soon", {}],
    "whitelist-source-range": ["10.0.0.0/8,nobody", {}],
    "backend-protocol": ["FCGI", {}],
    "auth-type": ["basic", { "auth-secret": "other/users" }],
    "session-cookie-name": ["x", {}],
    "permanent-redirect": ["javascript:alert(1)", {}],
    "app-root": ["/a\r\nSet-Cookie: x", {}],
  };
  for (const [name, [value, more]] of Object.entries(wrong))
    it(`${name}: ${JSON.stringify(value)} is told and ignored`, () => {
      const { settings, problems } = read({ [name]: value, ...more });
      assert.deepEqual(settings, defaultSettings);
      assert.equal(problems[0]?.reason, "InvalidAnnotation");
      assert.match(problems[0]?.message ?? "", new RegExp(`${name}.*; it is ignored$`));
    });
});
