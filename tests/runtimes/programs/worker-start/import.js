import { load } from "xentropy";

export default { fetch: () => new Response(typeof load === "function" ? "import" : "nothing") };
