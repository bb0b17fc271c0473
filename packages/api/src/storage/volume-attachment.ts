/** VolumeAttachment */
import { define, keepAllBut } from "../define.ts";
import { volumeattachments } from "../generated/refs.ts";

export const volumeAttachmentResource = define(volumeattachments, {
  subresources: { status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") } },
});
