import { auditServer } from 'graphql-http';
const results = await auditServer({ url: process.argv[2] + '/graphql', fetchFn: fetch });
const bad = results.filter((r) => r.status !== 'ok');
for (const r of bad) console.log(r.status, r.id, r.name, r.reason);
console.log(results.length - bad.length, 'of', results.length);
process.exit(bad.length ? 1 : 0);
