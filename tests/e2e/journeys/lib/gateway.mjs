// What a made-up gateway holds, asked over its management API.

const LISTS = [
  '/api/providers',
  '/api/governance/customers',
  '/api/governance/teams',
  '/api/governance/virtual-keys',
  '/api/governance/model-configs',
  '/api/governance/routing-rules',
  '/api/governance/pricing-overrides',
  '/api/mcp/clients',
  '/api/config',
];

// Differs from one gateway to the next, or from one moment to the next.
const OWN = /^(id|value|.*_id|.*_ids|.*_at|config_hash|.*last_reset)$/;

// Everything that makes a difference, in an order that makes none: without ids, times and values.
export async function held(url) {
  const answers = await Promise.all(LISTS.map(async (list) => (await fetch(`${url}${list}?limit=100`)).json()));
  return JSON.stringify(Object.fromEntries(LISTS.map((list, at) => [list, bare(answers[at])])), null, 1);
}

function bare(value) {
  if (Array.isArray(value)) return value.map(bare).sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.keys(value).filter((name) => !OWN.test(name));
  return Object.fromEntries(kept.sort().map((name) => [name, bare(value[name])]));
}
