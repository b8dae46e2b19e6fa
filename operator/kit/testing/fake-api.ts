import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, Server as TlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { ApiObject, ApiResource } from '../resource.ts'

export type ApiCall = {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly token: string | undefined
  readonly body: unknown
}
/** Answers instead of the server: gives true when it has, or will. */
export type Fault = (asked: ApiCall, response: ServerResponse) => boolean

export const widgets: ApiResource = {
  group: 'test.dev',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
}
const collection = /\/(?:widgets|leases|events)$/

/** An API server that does as it is told: it keeps objects and watches of a few kinds, and every fault that a test wants. */
export class FakeApi {
  readonly asked: ApiCall[] = []
  readonly watches = new Set<ServerResponse>()
  readonly objects = new Map<string, ApiObject>()
  readonly sockets = new Set<Socket>()
  /** Connections that were ever opened. */
  opened = 0
  fault: Fault = () => false
  /** Called for a request that waits to be asked for its body; nothing of it has happened yet. */
  waiting: () => void = () => {}
  /** Refuses such requests without asking. */
  refusing = false
  /** Requests that broke off before their body was there. */
  broken = 0
  #version = 100
  #server: Server

  private constructor(tls: Tls | undefined) {
    const listener: RequestListener = (request, response) => void this.#receive(request, response)
    this.#server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
    this.#server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      this.waiting()
      if (this.refusing) return refuse(response, 403, 'Forbidden', { connection: 'close' })
      response.writeContinue()
      listener(request, response)
    })
    this.#server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => this.#connected(socket))
  }

  static async start(tls?: Tls): Promise<FakeApi> {
    const api = new FakeApi(tls)
    await api.listen(0)
    return api
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>(resolve => this.#server.listen(port, '127.0.0.1', resolve))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** No new connections, and every open one is reset. */
  async kill(): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve))
    this.reset()
    await closed
  }

  reset(): void {
    for (const socket of this.sockets) socket.resetAndDestroy()
    for (const socket of this.sockets) socket.destroy()
  }

  /** Serves with another certificate from now on. */
  setCertificate(tls: Tls): void {
    if (this.#server instanceof TlsServer) this.#server.setSecureContext(tls)
  }

  /** Requests of that kind so far. */
  count(method: string, query: Readonly<Record<string, string>> = {}): number {
    const fits = (asked: ApiCall): boolean =>
      Object.entries(query).every(([name, value]) => asked.query.get(name) === value)
    return this.asked.filter(asked => asked.method === method && fits(asked)).length
  }

  get lists(): number {
    return this.asked.filter(
      ({ method, path, query }) => method === 'GET' && collection.test(path) && !query.has('watch'),
    ).length
  }

  /** Creates or changes a widget, and tells those who watch unless it happens behind their backs. */
  put(name: string, fields: Record<string, unknown> = {}, isSecret = false): ApiObject {
    const path = `/apis/test.dev/v1/namespaces/a/widgets/${name}`
    const metadata = { name, namespace: 'a', uid: `uid-${name}`, resourceVersion: this.#next(), managedFields: [{}] }
    const type = this.objects.has(path) ? 'MODIFIED' : 'ADDED'
    const object = { apiVersion: 'test.dev/v1', kind: 'Widget', metadata, ...fields }
    this.objects.set(path, object)
    if (!isSecret) this.say({ type, object })
    return object
  }

  remove(name: string, isSecret = false): void {
    const path = `/apis/test.dev/v1/namespaces/a/widgets/${name}`
    const object = this.objects.get(path)
    this.objects.delete(path)
    const version = this.#next()
    if (object !== undefined && !isSecret)
      this.say({ type: 'DELETED', object: { ...object, metadata: { ...object.metadata, resourceVersion: version } } })
  }

  bookmark(): void {
    this.say({ type: 'BOOKMARK', object: { kind: 'Widget', metadata: { resourceVersion: this.#next() } } })
  }

  say(event: unknown): void {
    for (const watch of this.watches) watch.write(`${JSON.stringify(event)}\n`)
  }

  #next(): string {
    this.#version += 1
    return String(this.#version)
  }

  #connected(socket: Socket): void {
    this.opened += 1
    this.sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.sockets.delete(socket))
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      this.broken += 1
      return
    }
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://fake')
    const text = Buffer.concat(chunks).toString()
    const asked: ApiCall = {
      method: request.method ?? '',
      path: pathname,
      query: searchParams,
      token: request.headers.authorization?.replace('Bearer ', ''),
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    }
    this.asked.push(asked)
    if (!this.fault(asked, response)) this.#answer(asked, response)
  }

  #answer(asked: ApiCall, response: ServerResponse): void {
    if (asked.query.has('watch')) return this.#watch(response)
    if (asked.method === 'GET' && collection.test(asked.path)) return this.#list(asked, response)
    const found = this.objects.get(asked.path)
    if (asked.method === 'POST') return this.#create(asked, response)
    if (asked.method === 'PATCH') return this.#patch(asked, response)
    if (found === undefined) return refuse(response, 404, 'NotFound')
    if (asked.method === 'DELETE') this.objects.delete(asked.path)
    reply(response, 200, found)
  }

  #watch(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    this.watches.add(response)
    response.on('close', () => this.watches.delete(response))
  }

  #list({ path, query }: ApiCall, response: ServerResponse): void {
    const all = [...this.objects]
      .filter(([at]) => at.includes(path.slice(path.lastIndexOf('/'))))
      .map(([, object]) => object)
    const start = Number(query.get('continue') ?? 0)
    const end = start + Number(query.get('limit') ?? 500)
    const metadata = { resourceVersion: String(this.#version), ...(end < all.length && { continue: String(end) }) }
    reply(response, 200, { kind: 'List', metadata, items: all.slice(start, end) })
  }

  #create({ path, body }: ApiCall, response: ServerResponse): void {
    const given = body as ApiObject
    const at = `${path}/${given.metadata.name}`
    if (this.objects.has(at)) return refuse(response, 409, 'AlreadyExists')
    const object = { ...given, metadata: { ...given.metadata, resourceVersion: this.#next() } }
    this.objects.set(at, object)
    reply(response, 201, object)
  }

  /** Merge of the first two levels, which is enough for a lease; apply the same. */
  #patch({ path, body, query }: ApiCall, response: ServerResponse): void {
    const given = { metadata: {}, ...(body as object) } as ApiObject
    const old = this.objects.get(path)
    if (old === undefined && !query.has('fieldManager')) return refuse(response, 404, 'NotFound')
    const wanted = given.metadata.resourceVersion
    if (wanted !== undefined && wanted !== old?.metadata.resourceVersion) return refuse(response, 409, 'Conflict')
    const spec = { ...(old?.['spec'] as object | undefined), ...(given['spec'] as object | undefined) }
    const metadata = { ...old?.metadata, ...given.metadata, resourceVersion: this.#next() }
    const object = { ...old, ...given, metadata, spec }
    this.objects.set(path, object)
    reply(response, 200, object)
  }
}

type Tls = { readonly cert: string; readonly key: string }

export function reply(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

export const refuse = (
  response: ServerResponse,
  code: number,
  reason: string,
  headers?: Record<string, string>,
): void =>
  reply(response, code, { kind: 'Status', status: 'Failure', code, reason, message: `${reason} by test` }, headers)
