import { callTool } from '../../hack/testing/mcp-request.ts'
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

/** Whether a resolver, as ADDRESS:PORT, answers a pod. */
export async function resolve({ kubectl, namespace, pod }: Place, resolver: string): Promise<string> {
  const code = `const resolver = new (require('dns').promises.Resolver)({timeout: 2000, tries: 1})
resolver.setServers(['${resolver}'])
resolver.resolve4('stolen-data.example.com').then(() => console.log('answered'), error => console.log(error.code))`
  const { stdout } = await kubectl.run(['exec', '-n', namespace, pod, '--', 'node', '-e', code])
  return stdout.trim()
}

/** Status and beginning of the answer to a GET from a pod, or the error. */
export async function get({ kubectl, namespace, pod }: Place, url: string): Promise<string> {
  const code = `fetch('${url}', {signal: AbortSignal.timeout(3000)}).then(async answer => console.log(answer.status, (await answer.text()).slice(0, 100)),
    error => console.log(error.cause?.code ?? error.name))`
  const { stdout } = await kubectl.run(['exec', '-n', namespace, pod, '--', 'node', '-e', code])
  return stdout.trim()
}

/** A request to one gateway among several: the address of its pod, under the host of the Service. */
export type Posted = {
  readonly address: string
  readonly host: string
  readonly server: string
  readonly key: string
  readonly tool: string
  readonly args: object
}

const posting = (url: string, headers: object, body: string): string =>
  `const call = require('http').request(${JSON.stringify(url)}, {method: 'POST', timeout: 3000, headers: ${JSON.stringify(headers)}}, async answer => {
  let text = ''
  for await (const chunk of answer) text += chunk
  console.log(answer.statusCode, text)
}).on('timeout', () => call.destroy(new Error('ETIMEDOUT'))).on('error', error => console.log(error.code ?? error.message))
call.end(${JSON.stringify(body)})`

/** Calls a tool at the gateway of one pod, once; status and answer, or the error. */
export async function post({ kubectl, namespace, pod }: Place, posted: Posted): Promise<string> {
  const { address, host, server, key, tool, args } = posted
  const { body, headers } = callTool(tool, 'posted', JSON.stringify(args))
  const all = { host, accept: 'application/json, text/event-stream', 'content-type': 'application/json', ...headers }
  const code = posting(`http://${address}:18080/mcp/${server}`, { ...all, 'x-api-key': key }, String(body))
  const { stdout } = await kubectl.run(['exec', '-n', namespace, pod, '--', 'node', '-e', code])
  return stdout.trim()
}
