/** Deletes bootstrap tokens when their time is over. */
import { secrets } from "@kubets/api/generated/refs";
import { type Controller, keyOf, onRelated } from "@kubets/client";
import { TOKEN_NAMESPACE, tokenOf } from "../bootstrap-tokens/token.ts";
import { unlessGone } from "../error-text.ts";
import { requestKey } from "../keys.ts";

export const tokenCleaner = (): Controller => ({
  name: "token-cleaner",
  workers: 1,
  watches: [
    onRelated(secrets, (secret) =>
      secret.metadata.namespace === TOKEN_NAMESPACE && tokenOf(secret) ? [keyOf(secret)] : [],
    ),
  ],
  async reconcile(key, { cache, client, clock }) {
    const secret = cache.get(secrets, key);
    const expires = secret && tokenOf(secret)?.expires;
    if (!secret || expires === undefined) return undefined;
    if (expires > clock.now()) return { requeueAfterMs: expires - clock.now() };
    await unlessGone(client.delete(secrets, requestKey(key), { preconditions: { uid: secret.metadata.uid } }));
    return undefined;
  },
});
