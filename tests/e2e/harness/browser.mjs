// The browser: the machine's own Chromium, quiet, with a fresh profile.

import { chromium } from 'playwright-core';

// No background traffic: on a machine without a way out every such call is a slow failure.
const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function launch() {
  // Chromium's sandbox does not start for root.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: !process.env.HEADED,
    args: [...FLAGS, ...sandbox],
  });
}

// Gathers what a page must not do: log an error, throw, break its policy. Every page of the context is watched, those
// that open later too. `tolerate(pattern)` names an error the journey provokes on purpose.
export async function watch(context) {
  const seen = [];
  const tolerated = [];
  const add = (what, text) => seen.push(`${what}: ${text}`);
  await context.exposeBinding('reportViolation', (_, text) => add('security policy', text));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      window.reportViolation(`${event.effectiveDirective} refused ${event.blockedURI || 'inline'} ${event.sample}`);
    });
  });
  context.on('console', (message) => {
    if (message.type() === 'error') add('console error', `${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => add('thrown', error.error().stack ?? String(error.error())));
  context.on('page', (page) => page.on('crash', () => add('crash', page.url())));
  return {
    tolerate: (pattern) => tolerated.push(pattern),
    problems: () => seen.filter((text) => !tolerated.some((pattern) => pattern.test(text))),
    seen,
  };
}
