import { handle, initSync } from "../build/gateway/midapi.js";
import module from "../build/gateway/midapi_bg.wasm";

initSync({ module });

export default {
  async fetch(request, env) {
    try {
      return await handle(request, env);
    } catch {
      // Whatever it was, its text may hold what must not leave: the answer is fixed.
      return Response.json(
        { code: 500, msg: "internal error", data: null },
        { status: 500, headers: { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" } },
      );
    }
  },
};
