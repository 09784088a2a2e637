// A server between the relay and an upstream that spoils what it is told to spoil.

import http from 'node:http';

// Forwards everything to `upstream`.
//   url            where it listens
//   spoil(rule)    rule(path) answers 'reset', a status, a number of milliseconds to wait as { wait }, or nothing
//   asked          every method, path and query that came, in order
//   stop()         ends it
export async function faults(upstream) {
  const target = new URL(upstream);
  const asked = [];
  let rule = () => undefined;
  const server = http.createServer(async (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const fault = rule(new URL(request.url, target).pathname);
    if (fault === 'reset') return request.socket.destroy();
    if (typeof fault === 'number') return response.writeHead(fault, { 'content-type': 'application/json' }).end('{"error": {"message": "spoiled"}}');
    if (fault?.wait) await new Promise((resolve) => setTimeout(resolve, fault.wait));
    const { host: _, ...headers } = request.headers;
    const options = { hostname: target.hostname, port: target.port, path: request.url, method: request.method, headers };
    const onward = http.request(options, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    spoil: (given) => {
      rule = given ?? (() => undefined);
    },
    asked,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
