export default { fetch: () => new Response("nothing") };
