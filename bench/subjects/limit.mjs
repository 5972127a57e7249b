/** The limit: one durable insert, a 202, then one POST and one update per receiver. */
import { createServer } from 'node:http';
import pg from 'pg';
import { Agent } from 'undici';

const { DATABASE_URL, RECEIVERS } = process.env;
const receivers = JSON.parse(RECEIVERS);
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
const agent = new Agent({ connections: 64 });
await pool.query(
  'create table if not exists limit_events (id bigserial primary key, body text not null, delivered_at timestamptz)',
);

async function deliver(id, body, url) {
  const { origin, pathname } = new URL(url);
  const response = await agent.request({
    origin,
    path: pathname,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'webhook-id': JSON.parse(body).key },
    body,
  });
  await response.body.dump();
  await pool.query({ name: 'done', text: 'update limit_events set delivered_at = now() where id = $1', values: [id] });
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString('utf8');
  const { rows } = await pool.query({
    name: 'add',
    text: 'insert into limit_events (body) values ($1) returning id',
    values: [body],
  });
  response.writeHead(202, { 'content-type': 'application/json' }).end('{}');
  for (const url of receivers) void deliver(rows[0].id, body, url);
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
