/** The least a Worker can do that holds a key: pass a status call on. */
export default {
  async fetch(request, env) {
    const { pathname, search } = new URL(request.url);
    const response = await fetch(env.UPSTREAM + pathname + search, { headers: { Authorization: `Bearer ${env.KEY}` } });
    return new Response(response.body, { status: response.status, headers: { "Content-Type": "application/json" } });
  },
};
