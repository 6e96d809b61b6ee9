// Serves the Data API of Supabase over the databases of one Postgres: http://127.0.0.1:PORT/<database>/rest/v1/…
// A test of our client's path, no proof of parity with PostgREST.
// Environment: PORT, BASE_URL (a Postgres URL without a database), SECRET_KEY, MAX_ROWS (of an answer).
import { serve } from "@hono/node-server";
import { App } from "@supabase/lite";
import { createPostgresConnection } from "@supabase/lite/postgres";

const json = (oid) => ({
  to: oid, from: [oid],
  serialize: (value) => (typeof value === "string" ? value : JSON.stringify(value)),
  parse: (text) => JSON.parse(text),
});

async function open(database) {
  const connection = createPostgresConnection({
    url: `${process.env.BASE_URL}/${database}`,
    postgresOptions: { max: 4, onnotice: () => {}, types: { json: json(114), jsonb: json(3802) } },
  });
  const app = new App({
    connection,
    api: { schemas: ["public"], max_rows: Number(process.env.MAX_ROWS) },
    auth: { enabled: true, jwt_secret: "x".repeat(40), publishable_key: "sb_publishable_tests", secret_key: process.env.SECRET_KEY },
  });
  await app.init?.();
  return app;
}

const apps = new Map();

async function answer(request, env) {
  const url = new URL(request.url);
  const [, database, ...rest] = url.pathname.split("/");
  if (!apps.has(database)) apps.set(database, open(database));
  url.pathname = `/${rest.join("/")}`;
  const app = await apps.get(database);
  return app.fetch(new Request(url, request), { peerAddress: env.incoming.socket.remoteAddress ?? null });
}

serve({ port: Number(process.env.PORT), hostname: "127.0.0.1", fetch: answer }, () => console.log("Ready"));
