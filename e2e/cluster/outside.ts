import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

/** A resolver and a server outside of the cluster that answer all who reach them. */
export type Outside = { readonly dns: number; readonly tcp: number; stop(): void }

/** The answer to a question for an address: the question again, and 192.0.2.1 (RFC 1035, 4.1). */
function answerTo(question: Buffer): Buffer {
  const head = Buffer.from(question.subarray(0, 12))
  head.writeUInt16BE(0x8180, 2) // an answer, without an error
  head.writeUInt16BE(1, 6) // one of them
  head.writeUInt32BE(0, 8) // and nothing further
  const name = question.subarray(12, question.indexOf(0, 12) + 5)
  const record = [0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 192, 0, 2, 1]
  return Buffer.concat([head, name, Buffer.from(record)])
}

/** @param host the address that the pods reach, were it not for their policies */
export async function answerOutside(host: string): Promise<Outside> {
  const dns = createSocket('udp4')
  dns.on('message', (question, from) => dns.send(answerTo(question), from.port, from.address))
  dns.bind(0, host)
  const tcp = createServer(peer => peer.on('error', () => undefined).end('open')).listen(0, host)
  await Promise.all([once(dns, 'listening'), once(tcp, 'listening')])
  return {
    dns: dns.address().port,
    tcp: (tcp.address() as AddressInfo).port,
    stop() {
      dns.close()
      tcp.close()
    },
  }
}
