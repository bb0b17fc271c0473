/** How an answer is to look: read off the Accept header once for each different header, and kept. */
import { notAcceptable, StatusError } from "@kubets/machinery";
import type { Server } from "./server-context.ts";

export type Media = "json" | "yaml" | "protobuf" | "cbor";

export interface AnswerForm {
  readonly media: Media;
  readonly pretty: boolean;
  /** Another kind than the object's own: a table, or the metadata alone. */
  readonly as?: {
    readonly kind: "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";
    readonly version: "v1" | "v1beta1";
  };
  /** Kept apart from all others where forms are shared. */
  readonly key: string;
}

const JSON_FORM: AnswerForm = { media: "json", pretty: false, key: "json" };
const MEDIA: Record<string, Media> = {
  "application/json": "json",
  "application/yaml": "yaml",
  "application/vnd.kubernetes.protobuf": "protobuf",
  "application/cbor": "cbor",
};
export const CONTENT_TYPE: Record<Media, string> = {
  json: "application/json",
  yaml: "application/yaml",
  protobuf: "application/vnd.kubernetes.protobuf",
  cbor: "application/cbor",
};

/** What a resource is told in: custom kinds have no messages of protobuf, and CBOR is to be switched on. */
export interface Offer {
  readonly isCustom: boolean;
  readonly cbor: boolean;
}

export const offerOf = ({ options }: Pick<Server, "options">, isCustom: boolean): Offer => ({
  isCustom,
  cbor: options.featureEnabled("CBORServingAndStorage"),
});

export const offeredMedia = ({ isCustom, cbor }: Offer): string =>
  [
    CONTENT_TYPE.json,
    CONTENT_TYPE.yaml,
    ...(isCustom ? [] : [CONTENT_TYPE.protobuf]),
    ...(cbor ? [CONTENT_TYPE.cbor] : []),
  ].join(", ");

const known = new Map<string, AnswerForm | undefined>();
const MOST_KNOWN = 1000;

export function answerForm(
  accept: string | undefined,
  userAgent: string | undefined,
  pretty: string | null,
  offer: Offer,
): AnswerForm {
  if (accept === undefined || accept === "" || accept === "*/*" || accept === "application/json")
    return wantsPretty(JSON_FORM, userAgent, pretty);
  const key = `${offer.isCustom} ${offer.cbor} ${accept}`;
  let form = known.get(key);
  if (form === undefined && !known.has(key)) {
    form = negotiate(accept, offer);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(key, form);
  }
  if (form) return wantsPretty(form, userAgent, pretty);
  if (offer.isCustom) throw unknownForm(offer);
  const isOffered = ({ type }: MediaRange) => mediaOf(type, offer) !== undefined;
  throw parseAccept(accept).some(isOffered) ? unknownForm(offer) : unknownMedia(offer);
}

/** The media that a range of an Accept header takes first. */
export function mediaOf(type: string, { cbor }: Offer): Media | undefined {
  if (type === "*/*") return "json";
  return type === CONTENT_TYPE.cbor && !cbor ? undefined : MEDIA[type];
}

/** The answer to who wants none of the media types. */
export const unknownMedia = (offer: Offer) =>
  new StatusError({
    code: 406,
    reason: "NotAcceptable",
    message: `406: Not Acceptable\n\nAvailable representations: ${offeredMedia(offer)}`,
    details: {},
  });

/** The answer to who wants a media type in a form that it does not have here. */
export const unknownForm = (offer: Offer) =>
  notAcceptable(`only the following media types are accepted: ${offeredMedia(offer)}`);

export function wantsPretty(form: AnswerForm, userAgent: string | undefined, pretty: string | null): AnswerForm {
  const asked = pretty !== null ? pretty !== "" && pretty !== "0" && pretty !== "false" : isTerminal(userAgent);
  return asked && form.media === "json" ? { ...form, pretty: true, key: `${form.key};pretty` } : form;
}

/** People who ask by hand get line breaks. */
const isTerminal = (userAgent: string | undefined) =>
  userAgent !== undefined && /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent);

function negotiate(accept: string, offer: Offer): AnswerForm | undefined {
  for (const range of parseAccept(accept)) {
    const media = mediaOf(range.type, offer);
    if (!media) continue;
    const { as: kind, g: group, v: version } = range.parameters;
    if (kind === undefined) {
      // Only what all kinds have of custom ones goes as protobuf.
      if (offer.isCustom && media === "protobuf") continue;
      const pretty = range.parameters["pretty"] === "1";
      return { media, pretty, key: pretty ? `${media};pretty` : media };
    }
    if (group !== "meta.k8s.io" || (version !== "v1" && version !== "v1beta1")) continue;
    if (kind !== "Table" && kind !== "PartialObjectMetadata" && kind !== "PartialObjectMetadataList") continue;
    if (kind === "Table" && media === "protobuf") continue;
    return { media, pretty: false, as: { kind, version }, key: `${media};${kind};${version}` };
  }
  return undefined;
}

interface MediaRange {
  type: string;
  parameters: Record<string, string>;
  quality: number;
}

export function parseAccept(accept: string): MediaRange[] {
  const ranges = accept.split(",").map((text): MediaRange => {
    const [type = "", ...rest] = text.split(";").map((part) => part.trim());
    const parameters: Record<string, string> = {};
    for (const part of rest) {
      const equals = part.indexOf("=");
      if (equals > 0)
        parameters[part.slice(0, equals).trim().toLowerCase()] = part
          .slice(equals + 1)
          .trim()
          .replaceAll('"', "");
    }
    const quality = parameters["q"] === undefined ? 1 : Number(parameters["q"]);
    return { type: type.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 0 : quality };
  });
  return ranges.filter((r) => r.quality > 0).toSorted((a, b) => b.quality - a.quality);
}
