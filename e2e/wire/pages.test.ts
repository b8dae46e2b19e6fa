import type { RequestListener, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { bind } from '../../gateway/http/bind.ts'
import { Connections } from '../../gateway/http/connections.ts'
import { pageConnections } from '../../gateway/http/connection-limits.ts'
import { pagesServer } from '../../gateway/listen.ts'
import { requestBytes } from './flood.ts'

test('whoever sits in the pod and opens connection after connection to a port for probes takes none from others', async () => {
  const places = new Connections(
    () => pageConnections,
    () => undefined,
  )
  const crowd: Socket[] = []
  const underWay: ServerResponse[] = []
  const listener: RequestListener = (_, res) => void underWay.push(res)
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const endpoints = [
    { host: '0.0.0.0', port: 0 },
    { host: '::', port: 0 },
  ]
  const bound = await bind(endpoints, () => pagesServer(listener, places), { log: quiet })
  const own = Number(new URL(bound.urls[0]!).port)
  const asked = fetch(`http://[::1]:${own}/-/status`)
  await expect.poll(() => underWay.length).toBe(1)
  // All of 127.0.0.0/8 is theirs, and each of their requests is under way.
  for (let at = 0; at < 300; at += 1) {
    const socket = connect({ port: own, host: `127.0.0.${1 + (at % 200)}`, localAddress: `127.0.0.${1 + (at % 200)}` })
    socket.on('error', () => undefined)
    socket.write(requestBytes('GET /-/drain HTTP/1.1', { Host: 'x' }))
    crowd.push(socket)
    while (underWay.length < at + 2) await new Promise(setImmediate)
  }
  underWay[0]!.end('told')
  expect(await (await asked).text()).toBe('told')
  for (const socket of crowd) socket.destroy()
  await bound.stop()
})
