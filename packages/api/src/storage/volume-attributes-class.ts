/** VolumeAttributesClass */
import { define } from "../define.ts";
import { volumeattributesclasses } from "../generated/refs.ts";

export const volumeAttributesClassResource = define(volumeattributesclasses, { shortNames: ["vac"] });
