import type { Kubectl } from './kubectl.ts'

/** Who looks, from where. */
export type Place = { readonly kubectl: Kubectl; readonly namespace: string; readonly pod: string }

const dialing = (host: string, port: number): string =>
  `const end = says => { console.log(says); process.exit() }
require('net').connect({host: '${host}', port: ${port}, timeout: 2000}).on('connect', () => end('open'))
  .on('timeout', () => end('ETIMEDOUT')).on('error', error => end(error.code))`

/** What comes of a connection from a pod: `open`, or the error. */
export async function dial({ kubectl, namespace, pod }: Place, host: string, port: number): Promise<string> {
  const { stdout } = await kubectl.run(['exec', '-n', namespace, pod, '--', 'node', '-e', dialing(host, port)])
  return stdout.trim()
}

/** Status and beginning of the answer to a GET from a pod, or the error. */
export async function get({ kubectl, namespace, pod }: Place, url: string): Promise<string> {
  const code = `fetch('${url}', {signal: AbortSignal.timeout(3000)}).then(async answer => console.log(answer.status, (await answer.text()).slice(0, 100)),
    error => console.log(error.cause?.code ?? error.name))`
  const { stdout } = await kubectl.run(['exec', '-n', namespace, pod, '--', 'node', '-e', code])
  return stdout.trim()
}
