import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { childrenOf, freePort, proxyCore, start } from './process.ts'
import { answers, type Target } from './target.ts'

/**
 * nginx as a plain reverse proxy, the least that any hop costs: one worker, connections kept on both sides. JSON is buffered, so that a large
 * result costs few reads; event streams are not, since the server says `X-Accel-Buffering: no`.
 */
export async function nginx(upstream: URL): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-nginx-'))
  const port = await freePort()
  const file = join(folder, 'nginx.conf')
  await writeFile(file, configuration(folder, port, upstream.host))
  const running = start({
    core: proxyCore,
    command: ['nginx', '-p', folder, '-e', join(folder, 'error.log'), '-c', file],
  })
  const target = { name: 'nginx' as const, url: `http://127.0.0.1:${port}${upstream.pathname}`, key: '' }
  await answers(target)
  const [worker] = childrenOf(running.pid)
  if (worker === undefined) throw new Error('nginx has no worker')
  return {
    ...target,
    pid: worker,
    async stop() {
      await running.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function configuration(folder: string, port: number, upstream: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `  ${name}_temp_path ${folder}/${name};`,
  )
  return `worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
${temporary.join('\n')}
  access_log off;
  upstream server { server ${upstream}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 1000000000;
    client_body_buffer_size 16k;
    location / {
      proxy_pass http://server;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffer_size 16k;
      proxy_buffers 8 16k;
      proxy_busy_buffers_size 32k;
      proxy_read_timeout 1h;
    }
  }
}
`
}
