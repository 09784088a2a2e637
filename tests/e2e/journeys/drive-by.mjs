// A page of another origin in the same browser tries everything a page can try against the relay.

import { createServer } from 'node:http';

export const name = 'Drive-by: a page from another origin gets nothing and changes nothing';

export async function run({ page, context, link, origin, expect, tolerate, seen }) {
  tolerate(/./);
  const token = new URL(link).hash.replace('#t=', '');
  const status = async () => {
    const answer = await fetch(`${origin}/api/status`, { headers: { authorization: `Bearer ${token}` } });
    return JSON.stringify(await answer.json());
  };
  const virtualKeys = async () => {
    const body = JSON.stringify({ endpoint: 'virtual_key_list', params: {}, query: {}, body: null });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return (await fetch(`${origin}/api/target`, { method: 'POST', headers, body })).text();
  };
  const before = [await status(), await virtualKeys()];
  // The relay's own tab is open, with its token.
  await page.goto(link);
  await expect.text(page.locator('#mode'), 'Practice');

  const evil = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>evil</title><body></body>'));
  await new Promise((resolve) => evil.listen(0, '127.0.0.1', resolve));
  try {
    const other = await context.newPage();
    await other.goto(`http://127.0.0.1:${evil.address().port}/`);
    const got = await other.evaluate(attack, origin);
    expect.equal(got, [], 'what the other page got to read');
    // A frame and a form, which need a page each.
    const frame = await other.evaluate(async (target) => {
      const frame = document.createElement('iframe');
      frame.src = `${target}/connect`;
      document.body.append(frame);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      try {
        return frame.contentDocument?.body?.innerText ?? '';
      } catch {
        return '';
      }
    }, origin);
    expect.equal(frame.trim(), '', 'the framed console');
  } finally {
    evil.close();
  }
  expect.equal([await status(), await virtualKeys()], before, 'the relay and the gateway after the attack');
  expect.truthy(seen.length > 0, 'the browser says that it was refused');
}

// Runs in the other page; answers everything it could read.
async function attack(target) {
  const got = [];
  const body = JSON.stringify({ endpoint: 'virtual_key_create', params: {}, query: {}, body: { name: 'evil' } });
  const line = JSON.stringify({ holder: 'evil', line: '{}' });
  const tries = [
    ['/api/status', {}],
    ['/api/database', {}],
    ['/api/journal', {}],
    ['/api/config-file', { credentials: 'include' }],
    ['/api/target', { method: 'POST', body }],
    ['/api/target', { method: 'POST', body, headers: { 'content-type': 'application/json' } }],
    ['/api/journal', { method: 'POST', body: line }],
    ['/api/journal/rotate', { method: 'POST', body: '{}' }],
    ['/api/journal/lock', { method: 'POST', body: '{"holder":"evil"}' }],
  ];
  for (const mode of ['cors', 'no-cors']) {
    for (const [path, options] of tries) {
      try {
        const answer = await fetch(target + path, { ...options, mode });
        if (answer.type !== 'opaque') got.push(`${path} ${answer.status}`);
      } catch {
        // Refused, as it should be.
      }
    }
  }
  for (const path of ['/api/journal/rotate', '/api/journal/lock', '/api/target']) {
    const frame = document.createElement('iframe');
    frame.name = `sink${path.length}`;
    const form = document.createElement('form');
    Object.assign(form, { method: 'post', action: target + path, target: frame.name, enctype: 'text/plain' });
    const field = document.createElement('input');
    Object.assign(field, { name: '{"holder":"evil","x":"', value: '"}' });
    form.append(field);
    document.body.append(frame, form);
    form.submit();
  }
  await new Promise((resolve) => {
    const image = new Image();
    image.onload = () => resolve(got.push('image'));
    image.onerror = resolve;
    image.src = `${target}/api/status`;
  });
  await new Promise((resolve) => {
    const script = document.createElement('script');
    script.onload = () => resolve(got.push('script'));
    script.onerror = resolve;
    script.src = `${target}/api/status`;
    document.body.append(script);
  });
  await new Promise((resolve) => {
    const socket = new WebSocket(target.replace('http', 'ws') + '/api/status');
    socket.onopen = () => resolve(got.push('socket'));
    socket.onerror = resolve;
  });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return got;
}
